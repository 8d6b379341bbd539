"""WGAN-GP, residual, on CIFAR-10 (Gulrajani et al. 2017, arXiv 1704.00028), as mimicry
trains it.

    python scripts/train.py --config=configs/wgan_gp_cifar10.py \\
        --workdir=runs/wgan_gp --config.data.dir=DIR

Published: FID 22.29, IS 7.33 (mimicry). Ours: not run.
"""

from configs import sngan_cifar10

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = sngan_cifar10.get_config(arg)
    config.networks.discriminator.update({"normalization": "none", "pooling": "mean"})
    config.loss = {"name": "wasserstein"}
    config.regularizers = {"wgan_gp": {"weight": 10.0}}
    return config
