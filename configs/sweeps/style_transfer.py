"""Sweep of style transfer over five seeds.

    ganjax sweep --config=sweeps/style_transfer --workdir=runs/style

The variant ``:adversarial`` has a discriminator. ``:tiny`` has a random encoder and
takes seconds. The settings were chosen on seed 7, which is not in this sweep. Not
measured yet.
"""

from configs import style_transfer
from ganjax.space import seeds

ARGUMENTS = ("tiny", "adversarial")


def get_config(variant=""):
    return style_transfer.get_config(variant)


def sweep(variant=""):
    return seeds(5)
