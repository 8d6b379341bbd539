"""TimeGAN (Yoon, Jarrett & van der Schaar 2019) on five sines of 24 steps, drawn as in
the authors' code.

    ganjax train --config=timegan --workdir=runs/timegan
    ganjax sample --workdir=runs/timegan --n=24 --out=traces.png
    ganjax sample --workdir=runs/timegan --n=1000 --out=series.npz

Each of the three phases has a third of the steps; the authors take 50,000 for each.
Noise is uniform in [-1, 1], and in [0, 1] in their code.
``:paper`` draws sines as in the paper, which have higher frequencies. ``:italy`` trains
on the daily power demand of Italy (``pip install 'ganjax[series]'``). ``:tiny`` runs in
seconds.

Expected: not measured yet. The aim is ``series_discriminative`` of at most 0.10, near
0.5 with ``_shuffled``, and ``series_predictive`` of at most 1.1 times its ``_real``
value. The paper has 0.011 and 0.093, by classifiers with fewer units.
"""

from ml_collections import ConfigDict

ARGUMENTS = ("paper", "italy", "tiny")

NETWORKS = ("embedder", "recovery", "generator", "supervisor", "discriminator")


def get_config(arg=""):
    config = ConfigDict()
    config.game = "timegan"
    config.steps = 15_000
    config.batch_size = 128
    config.data = {"name": "sines"}
    if arg == "paper":
        config.data.frequencies = "paper"
    variables = 5
    if arg == "italy":
        config.data.name, variables = "italy_power_demand", 1
    layer = {"name": "recurrent", "width": 24, "layers": 3}
    config.latents = {"name": "uniform", "size": 24 * variables}
    config.networks = {name: dict(layer) for name in NETWORKS}
    config.networks.generator.noise = variables
    config.networks.supervisor.layers = 2
    config.options = {
        "hidden": 24, "embedding_steps": 5000, "supervised_steps": 5000,
    }  # fmt: skip
    adam = {"learning_rate": 1e-3, "b1": 0.9, "b2": 0.999}
    players = ("autoencoder", "supervisor", "generator", "embedder", "discriminator")
    config.optimizers = {name: dict(adam) for name in players}
    for name in ("generator", "embedder"):
        config.optimizers[name].updates_per_step = 2
    config.samples = {"every": 1000, "count": 24}
    config.checkpoint = {"every": 1000}
    config.parallel = {"inner_steps": 50}
    config.evaluation = {"names": ("series",), "samples": 1000, "real": 1000}
    return _tiny(config) if arg == "tiny" else config


def _tiny(config):
    config.data.variables, config.data.length = 2, 6
    config.steps = 6
    config.batch_size = 8
    config.latents.size = 12
    for name in NETWORKS:
        config.networks[name].update({"width": 4, "layers": 1})
    config.networks.generator.noise = 2
    config.options = {"hidden": 3, "embedding_steps": 2, "supervised_steps": 2}
    config.log = {"every": 1}
    config.samples = {"every": 6, "count": 8}
    config.checkpoint = {"every": 6}
    config.parallel.inner_steps = 1
    config.evaluation.update({"samples": 100, "real": 100})
    return config
