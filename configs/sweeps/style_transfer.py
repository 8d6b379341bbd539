"""Sweep of style transfer over five seeds.

    ganjax sweep --config=sweeps/style_transfer --workdir=runs/style5 \\
        --population=alone --slots=2 --pin

The variant ``:adversarial`` has a discriminator. ``:tiny`` has a random encoder and
takes seconds. The settings were chosen on seed 7, which is not in this sweep. It takes
35 minutes on two cores, and the docstring of configs/style_transfer.py has its result.
"""

from configs import style_transfer
from ganjax.space import seeds

ARGUMENTS = ("tiny", "adversarial")


def get_config(variant=""):
    return style_transfer.get_config(variant)


def sweep(variant=""):
    return seeds(5)
