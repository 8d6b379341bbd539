"""The first GAN (Goodfellow et al. 2014, arXiv 1406.2661) on MNIST: fully connected
networks, the minimax game, and the log-likelihood under a Parzen window.

    python scripts/train.py --config=configs/gan_2014_mnist.py --workdir=runs/gan2014

Expected in 13 minutes on one CPU core: the estimate (``parzen_10000``, in nats, with
its standard error beside it) rises from −25 at step 2,000 to 147 at the last. The
paper's is 225 ± 2, of a network with maxout and dropout trained to its best. The
generator's loss is the one of section 3 that does not vanish;
``--config.loss.name=minimax`` is that of equation 1.
"""

from configs import images


def get_config():
    config = images.mnist()
    config.steps = 8000
    config.batch_size = 100
    config.latents = {"name": "uniform", "size": 100}
    config.networks = {
        "generator": {"widths": (512, 512)},
        "discriminator": {"widths": (256, 256)},
    }
    config.optimizers = images.both(learning_rate=2e-4, b1=0.5)
    config.evaluation = {"names": ("parzen",), "every": 2000, "samples": 10_000}
    config.parallel = {"inner_steps": 10}
    return config
