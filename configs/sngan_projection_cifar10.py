"""SNGAN with projection on CIFAR-10 (Miyato & Koyama 2018, arXiv 1802.05637), with the
settings of the library mimicry.

    ganjax train --config=sngan_projection_cifar10 \\
        --workdir=runs/projection --config.data.dir=DIR

Published: FID 10.84 and IS 8.25 in mimicry. Ours: not run.
"""

from configs import sngan_cifar10

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = sngan_cifar10.get_config(arg, game="conditional_gan")
    config.conditioning = {
        "generator": "conditional_batch_norm",
        "discriminator": "projection",
    }
    return config
