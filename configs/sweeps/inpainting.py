"""Sweep of filling in, with five seeds.

    ganjax sweep --config=sweeps/inpainting --workdir=runs/fill_digits
    ganjax sweep --config=sweeps/inpainting:textures --workdir=runs/fill_textures

``:tiny`` uses 8×8 digits and takes seconds. configs/inpainting.py describes the scores.
Each seed has other initial networks, training holes and evaluated holes. The settings
were chosen on seed 7, which is not in this sweep.
"""

from configs import inpainting
from ganjax.space import seeds

ARGUMENTS = ("tiny", "textures")


def get_config(variant=""):
    return inpainting.get_config(variant)


def sweep(variant=""):
    return seeds(5)
