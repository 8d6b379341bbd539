"""BigGAN with DiffAugment on CIFAR-10 (Zhao et al. 2020, arXiv 2006.10738) as in the
authors' code, data-efficient-gans 0b63395, ``DiffAugment-biggan-cifar/scripts/
DiffAugment-biggan-cifar10.sh``. It is the code of ``biggan_cifar10``, with mirrored
data, translation and cut-out, and 250,000 steps.

    ganjax train --config=biggan_diffaugment_cifar10 \\
        --workdir=runs/diffaugment --config.data.dir=DIR

Published: FID 8.70 and IS 9.16, of 10,000 samples, the best of a run. Ours: not run.

It differs in the same points as ``biggan_cifar10``. PyTorch-StudioGAN's config also
changes colours, and has the networks and the optimizer that are named there.
"""

from configs import biggan_cifar10

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = biggan_cifar10.get_config(arg)
    if arg != "tiny":
        config.steps = 250_000
    config.data.mirror = True
    config.augmentation = {"names": ("translation", "cutout")}
    # That code counts its updates from 0.
    config.ema.begin = 1001
    return config
