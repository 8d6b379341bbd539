"""BiGAN (Donahue et al. 2017, arXiv 1605.09782, section 4.2) on MNIST, by fully
connected networks as in the paper.

    python scripts/train.py --config=configs/bigan_mnist.py --workdir=runs/bigan

Expected in 6 minutes on 2 CPU cores: the encoder reads the latent of a generated sample
with a smaller error than the latent of the nearest of 5,000 other samples has
(``latents_mse`` below ``latents_mse_nearest``).
"""

from configs import images


def get_config():
    config = images.mnist("bigan")
    config.steps = 6000
    config.batch_size = 100
    config.latents = {"name": "uniform", "size": 50}
    config.networks = {
        "generator": {"widths": (512, 512), "normalization": "batch"},
        "encoder": {
            "widths": (512, 512),
            "activation": "leaky_relu",
            "normalization": "batch",
        },
        "discriminator": {"widths": (512, 512)},
    }
    config.optimizers = images.two_rates(5e-4, 2e-4)
    config.evaluation.names = ("latents", "reconstruction", "frechet")
    config.parallel = {"inner_steps": 10}
    return config
