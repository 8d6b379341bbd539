"""DCGAN on CIFAR-10 (Radford et al. 2016, arXiv 1511.06434), with the settings of
PyTorch-StudioGAN.

    ganjax train --config=dcgan_cifar10 --workdir=runs/dcgan \\
        --config.data.dir=DIR

Published: FID 48.29 in PyTorch-StudioGAN. Ours: not run.
"""

from configs.images import adam, both, cifar10, tiny

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = cifar10()
    config.steps = 200_000
    config.data.mirror = True
    config.networks = {
        "generator": {"name": "dcgan", "normalization": "batch"},
        "discriminator": {"name": "dcgan", "normalization": "batch"},
    }
    config.optimizers = both(**adam(2e-4, b1=0.5, b2=0.999))
    config.optimizers.discriminator.updates_per_step = 2
    config.ema = {"decay": 0.0}
    return tiny(config, **both(width=4)) if arg == "tiny" else config
