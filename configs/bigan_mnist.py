"""BiGAN on MNIST (Donahue et al. 2017, arXiv 1605.09782, section 4.2). As in the paper,
all networks are fully connected.

    ganjax train --config=bigan_mnist --workdir=runs/bigan

Expected in 6 minutes on 2 CPU cores: ``latents_mse`` is below ``latents_mse_nearest``.
The first is the error of the encoder's latent for a generated sample. The second is the
error of the latent of the nearest of 5,000 other samples.
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
