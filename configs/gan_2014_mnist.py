"""The first GAN on MNIST (Goodfellow et al. 2014, arXiv 1406.2661). It has fully
connected networks and is scored by the log-likelihood under a Parzen window.

    ganjax train --config=gan_2014_mnist --workdir=runs/gan2014

Expected in 13 minutes on one CPU core: the estimate ``parzen_10000``, in nats, rises
from −25 at step 2,000 to 147 at the last step. Its standard error is reported too. The
paper has 225 ± 2, with maxout, dropout and training to the best score. The generator's
loss is the non-saturating loss of section 3. ``--config.loss.name=minimax`` selects the
loss of equation 1.
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
    config.evaluation = {
        "names": ("parzen",),
        "every": 2000,
        "samples": 10_000,
        "real": 10_000,
    }
    config.parallel = {"inner_steps": 10}
    return config
