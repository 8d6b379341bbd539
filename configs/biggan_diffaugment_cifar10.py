"""BigGAN with DiffAugment on CIFAR-10 (Zhao et al. 2020, arXiv 2006.10738).

    ganjax train --config=biggan_diffaugment_cifar10 \\
        --workdir=runs/diffaugment --config.data.dir=DIR

Published: FID 3.35 in PyTorch-StudioGAN. Ours: not run.
"""

from configs import biggan_cifar10

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = biggan_cifar10.get_config(arg)
    config.augmentation = {"names": ("colour", "translation", "cutout")}
    return config
