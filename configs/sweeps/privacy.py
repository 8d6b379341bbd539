"""Utility over ε: the private GAN of a table with six amounts of noise, 3 seeds each.

    ganjax sweep --config=sweeps/privacy --workdir=runs/privacy

`ganjax privacy --workdir=runs/privacy/trials/ID` prints the ε of a trial. The noise is
a knob, so all trials share one program.

Expected: not measured yet.
"""

from configs import private_table
from ganjax.space import grid, product, seeds

ARGUMENTS = ("pate", "tiny")
NOISE = (0.6, 0.8, 1.0, 2.0, 4.0, 8.0)


def get_config(variant=""):
    return private_table.get_config(variant)


def sweep(variant=""):
    if variant == "pate":
        return product(grid({"options.vote_rate": (0.001, 0.01, 0.1)}), seeds(3))
    return product(grid({"options.noise": NOISE}), seeds(3))
