"""Utility over ε, and a membership attack: private GANs of a table.

    ganjax sweep --config=sweeps/privacy --workdir=runs/privacy
    ganjax privacy --workdir=runs/privacy/trials/ID

Five amounts of noise, with three seeds each. ``:pate`` sweeps the noise of PATE-GAN's
votes, and ``:members`` and ``:overfit`` take five seeds of the runs that are attacked.
Trials with one seed have the same batches and the same noise, up to its scale. A reader
of two such trials can subtract the noise, so all trials have different seeds.

Expected: not measured yet.
"""

from configs import private_table
from ganjax.space import seeds

ARGUMENTS = ("pate", "members", "overfit", "tiny")
NOISE = {"": ("options.noise", (0.6, 1.0, 2.0, 4.3, 8.0)),
         "pate": ("options.vote_rate", (0.005, 0.01, 0.02, 0.05, 0.1))}  # fmt: skip


def get_config(variant=""):
    return private_table.get_config(variant)


def sweep(variant=""):
    if variant not in NOISE:
        return seeds(5)
    field, values = NOISE[variant]
    return [
        {field: value, "seed": 3 * i + j}
        for i, value in enumerate(values)
        for j in range(3)
    ]
