"""A recurrent conditional GAN (Esteban, Hyland & Rätsch 2017, arXiv 1706.02633) on the
daily power demand of Italy, with the half of the year as label.

    pip install 'ganjax[series]'
    ganjax train --config=recurrent_gan --workdir=runs/recurrent_gan
    ganjax sample --workdir=runs/recurrent_gan --n=24 --out=traces.png
    ganjax sample --workdir=runs/recurrent_gan --n=1000 --out=series.npz

Noise and label are inputs of each step, and the critic judges each step. The networks
are GRUs; the paper has LSTMs. ``:sines`` trains on five sines of 24 steps, without
labels. ``:tiny`` runs in seconds, on sines.

Expected: not measured yet. The aim is ``series_predictive`` of at most 1.1 times its
``_real`` value.
"""

from ml_collections import ConfigDict

ARGUMENTS = ("sines", "tiny")


def get_config(arg=""):
    config = ConfigDict()
    labelled = arg not in ("sines", "tiny")
    config.game = "conditional_gan" if labelled else "gan"
    config.steps = 10_000
    config.batch_size = 64
    config.data = {"name": "italy_power_demand" if labelled else "sines"}
    noise = 5
    config.latents = {"name": "normal", "size": 24 * noise}
    layer = {"name": "recurrent", "width": 64, "layers": 1}
    config.networks = {
        "generator": {**layer, "noise": noise},
        "discriminator": dict(layer),
    }
    config.optimizers = {
        "generator": {"learning_rate": 1e-3, "b1": 0.5},
        "discriminator": {"learning_rate": 1e-3, "b1": 0.5},
    }
    config.samples = {"every": 1000, "count": 24}
    config.checkpoint = {"every": 1000}
    config.parallel = {"inner_steps": 50}
    config.evaluation = {"names": ("series",), "samples": 1000, "real": 1000}
    return _tiny(config) if arg == "tiny" else config


def _tiny(config):
    config.data.variables, config.data.length = 2, 6
    config.steps = 2
    config.batch_size = 8
    config.latents.size = 12
    for network in config.networks.values():
        network.width = 4
    config.networks.generator.noise = 2
    config.log = {"every": 1}
    config.samples = {"every": 2, "count": 8}
    config.checkpoint = {"every": 2}
    config.parallel.inner_steps = 1
    config.evaluation.update({"samples": 100, "real": 100})
    return config
