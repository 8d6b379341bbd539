"""WGAN-GP with residual networks on CIFAR-10 (Gulrajani et al. 2017, arXiv 1704.00028),
with the settings of the library mimicry.

    ganjax train --config=wgan_gp_cifar10 \\
        --workdir=runs/wgan_gp --config.data.dir=DIR

Published: FID 22.29 and IS 7.33 in mimicry. Ours: not run.
"""

from configs import sngan_cifar10

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = sngan_cifar10.get_config(arg)
    config.networks.discriminator.update({"normalization": "none", "pooling": "mean"})
    config.loss = {"name": "wasserstein"}
    config.regularizers = {"wgan_gp": {"weight": 10.0}}
    return config
