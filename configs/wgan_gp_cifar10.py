"""WGAN-GP with residual networks on CIFAR-10 (Gulrajani et al. 2017, arXiv 1704.00028)
as in the library mimicry, a7fda06.

    ganjax train --config=wgan_gp_cifar10 \\
        --workdir=runs/wgan_gp --config.data.dir=DIR

Published: FID 22.29 ± 0.06 and IS 7.33 ± 0.02 in mimicry. Ours: not run.

One point differs. In mimicry biases, shortcuts and the generator's last convolution
start at U(±1/√inputs), here biases start at 0 and these kernels as the others do. The
authors' code has layer normalisation in the critic, and repeats pixels to upsample.
"""

from configs import sngan_cifar10

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = sngan_cifar10.get_config(arg)
    config.networks.discriminator.update({"normalization": "none", "pooling": "mean"})
    config.loss = {"name": "wasserstein"}
    config.regularizers = {"wgan_gp": {"weight": 10.0}}
    return config
