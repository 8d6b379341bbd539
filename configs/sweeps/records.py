"""Five seeds of a game of tables, missing values, time series, sentences or molecules.

    ganjax sweep --config=sweeps/records:table --workdir=runs/tables

The name after the colon is a file of configs/, with its variant after a point:
``:table.randhie`` is ``--config=table:randhie``. That file describes the scores. Each
seed has other initial networks, batches and samples. The settings were chosen on seed
7, which is not in this sweep.
"""

from configs import (
    missing_values,
    molgan,
    recurrent_gan,
    table,
    timegan,
    word_gan,
)
from ganjax.space import seeds

FILES = {
    "table": table, "missing_values": missing_values, "molgan": molgan,
    "recurrent_gan": recurrent_gan, "timegan": timegan, "word_gan": word_gan,
}  # fmt: skip
ARGUMENTS = (
    *FILES,
    *(f"{name}.{x}" for name, file in FILES.items() for x in file.ARGUMENTS),
)


def get_config(name="table"):
    file, _, variant = name.partition(".")
    return FILES[file].get_config(variant)


def sweep(name=""):
    return seeds(5)
