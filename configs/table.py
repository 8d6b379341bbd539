"""CTGAN on a table (Xu et al. 2019, arXiv 1907.00503): made rows with the columns and
types of the file.

    pip install "ganjax[tables]"
    ganjax train --config=table --workdir=runs/table
    ganjax sample --workdir=runs/table --n=5000 --out=rows.csv
    ganjax sample --workdir=runs/table --mode=columns

The data are the survey of Fair (1978), 6,366 rows that statsmodels ships; the target is
whether a person had an affair. ``:randhie`` takes the RAND health insurance experiment,
20,190 rows; the target is whether a person visited a doctor. Your own file:

    ganjax train --config=table --workdir=runs/mine --config.data.name=table \\
        --config.data.dir=people.csv --config.data.target=income

``:tiny`` runs in seconds, on the irises of scikit-learn.

Expected over 5 seeds, with the 95 % interval (`ganjax sweep
--config=sweeps/records:table`): ``tables_auc`` 0.706 [0.701, 0.712], against 0.719 for
training rows, 0.651 [0.643, 0.661] for a Gaussian copula and 0.489 for independent
columns; ``tables_way`` 0.941 [0.913, 0.972]; ``tables_detection`` 0.511 [0.509, 0.514].
3,000 of the 9,000 steps took 52 s on one core.

``:randhie`` misses the aim of 0.8 for ``tables_way``: 0.674 [0.627, 0.712]
(``tables_auc`` 0.666 [0.659, 0.673], training rows 0.743, copula 0.633). 97.8 % of its
test rows have the inputs of a training row: 16,152 training rows have only 2,712
different inputs, which trees remember and a generator does not. With all rows of equal
``disea``, ``lpi`` and ``physlm`` in one split, trees that learn from real rows reach
0.667 to 0.685. Twice the steps, three updates of the discriminator, no dropout and a
higher rate gained nothing.
"""

from ml_collections import ConfigDict

ARGUMENTS = ("randhie", "tiny")
BATCH = 500


def get_config(variant=""):
    config = ConfigDict()
    config.game = "ctgan"
    config.batch_size = BATCH
    config.packing = 10
    randhie = variant == "randhie"
    config.data = {"name": "randhie" if randhie else "fair"}
    rows = 16_152 if randhie else 5093
    config.steps = 10_000 if randhie else 9000
    config.latents = {"name": "normal", "size": 128}
    config.networks = {
        "generator": {"name": "tabular"},
        "discriminator": {"name": "tabular"},
    }
    config.loss = {"name": "wasserstein"}
    config.regularizers = {"wgan_gp": {"weight": 10.0}}
    adam = {"learning_rate": 2e-4, "b1": 0.5, "b2": 0.9, "weight_decay": 1e-6}
    config.optimizers = {"generator": dict(adam), "discriminator": dict(adam)}
    config.ema = {"decay": 0.999}
    config.log = {"every": 100}
    config.samples = {"every": 0, "count": 200}
    config.checkpoint = {"every": 1000}
    config.evaluation = {"names": ("tables",), "samples": rows}
    return _tiny(config) if variant == "tiny" else config


def _tiny(config):
    config.data = {"name": "table_iris"}
    config.steps = 2
    config.batch_size = 20
    config.latents.size = 4
    for network in config.networks.values():
        network.widths = (16,)
    config.log = {"every": 1}
    config.samples = {"every": 2, "count": 10}
    config.checkpoint = {"every": 2}
    config.evaluation = {"names": ("tables",), "samples": 200}
    return config
