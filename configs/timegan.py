"""TimeGAN (Yoon, Jarrett & van der Schaar 2019) on five sines of 24 steps, drawn as in
the authors' code.

    ganjax train --config=timegan --workdir=runs/timegan
    ganjax sample --workdir=runs/timegan --n=24 --out=traces.png
    ganjax sample --workdir=runs/timegan --n=1000 --out=series.npz

The phases have 3,000, 500 and 6,000 steps; the authors take 50,000 for each. With so
few steps their settings fail: a discriminative score of 0.46 after 2,500 steps of the
last phase. Three changes matter most. The distance of moments has the weight 1, and 100
in their code: between two batches of 128 real series it is 0.03 already, so its
gradient is mostly noise. 16 numbers of the latent are the same at all steps, as the
static latent of the paper (section 4.1). The loss is relativistic with R1 and R2 (Huang
et al. 2024, arXiv 2501.05441). Networks have one or two layers, and three in the paper.
Each player has one update in a step. Noise is uniform in [-1, 1], and in [0, 1] in
their code.

``:paper`` draws sines as in the paper, which have higher frequencies. ``:italy`` trains
on the daily power demand of Italy (``pip install 'ganjax[series]'``). ``:tiny`` runs in
seconds.

Expected: not measured over 5 seeds yet. The aim is ``series_discriminative`` of at most
0.10, near 0.5 with ``_shuffled``, and ``series_predictive`` of at most 1.1 times its
``_real`` value. Seed 7, on which the settings were chosen, has 0.0925 and 0.2045 (real
0.184) over 1,000 series. The paper has 0.011 and 0.093 by classifiers with fewer units;
its predictive error is for (1 + x) / 2 of a sine x, so it is half as large.
"""

from ml_collections import ConfigDict

ARGUMENTS = ("paper", "italy", "tiny")

NETWORKS = ("embedder", "recovery", "generator", "supervisor", "discriminator")


def get_config(arg=""):
    config = ConfigDict()
    config.game = "timegan"
    config.steps = 9500
    config.batch_size = 128
    config.data = {"name": "sines"}
    if arg == "paper":
        config.data.frequencies = "paper"
    variables = 5
    if arg == "italy":
        config.data.name, variables = "italy_power_demand", 1
    layer = {"name": "recurrent", "width": 64, "layers": 1}
    config.latents = {"name": "uniform", "size": 24 * variables + 16}
    config.networks = {name: dict(layer) for name in NETWORKS}
    config.networks.generator.noise = variables
    for name in ("embedder", "recovery"):
        config.networks[name].update({"width": 24, "layers": 2})
    config.options = {
        "hidden": 24, "embedding_steps": 3000, "supervised_steps": 500,
    }  # fmt: skip
    config.loss = {"name": "relativistic_pairing"}
    config.regularizers = {"r1": {"weight": 0.1}, "r2": {"weight": 0.1}}
    config.weights = {"intermediate": 0.0, "moments": 1.0}
    adam = {"learning_rate": 1e-3, "b1": 0.9, "b2": 0.999}
    players = ("autoencoder", "supervisor", "generator", "embedder", "discriminator")
    config.optimizers = {name: dict(adam) for name in players}
    for name in ("generator", "discriminator"):
        config.optimizers[name].b1 = 0.0
    config.samples = {"every": 1000, "count": 24}
    config.checkpoint = {"every": 1000}
    config.parallel = {"inner_steps": 50}
    config.evaluation = {"names": ("series",), "samples": 5000, "real": 5000}
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
