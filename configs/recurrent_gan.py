"""A recurrent conditional GAN (Esteban, Hyland & Rätsch 2017, arXiv 1706.02633) on the
daily power demand of Italy, with the half of the year as label.

    pip install 'ganjax[series]'
    ganjax train --config=recurrent_gan --workdir=runs/recurrent_gan
    ganjax sample --workdir=runs/recurrent_gan --n=24 --out=traces.png
    ganjax sample --workdir=runs/recurrent_gan --n=1000 --out=series.npz

Noise and label are inputs of each step, and the critic judges each step. Unlike in the
paper, 16 numbers of the latent are the same at all steps, the networks are GRUs, and
the loss is relativistic with R1 and R2 (Huang et al. 2024, arXiv 2501.05441).
``:sines`` trains on five sines of 24 steps, without labels. ``:tiny`` runs in seconds,
on sines.

Expected: not measured yet. The aim is ``series_predictive`` of at most 1.1 times its
``_real`` value.
"""

from ml_collections import ConfigDict

ARGUMENTS = ("sines", "tiny")


def get_config(arg=""):
    config = ConfigDict()
    labelled = arg not in ("sines", "tiny")
    config.game = "conditional_gan" if labelled else "gan"
    config.steps = 8000
    config.batch_size = 64
    config.data = {"name": "italy_power_demand" if labelled else "sines"}
    config.latents = {"name": "normal", "size": 24 + 16}
    layer = {"name": "recurrent", "width": 64, "layers": 1}
    config.networks = {
        "generator": {**layer, "noise": 1},
        "discriminator": dict(layer),
    }
    config.loss = {"name": "relativistic_pairing"}
    config.regularizers = {"r1": {"weight": 0.1}, "r2": {"weight": 0.1}}
    adam = {"learning_rate": 1e-3, "b1": 0.0}
    config.optimizers = {"generator": dict(adam), "discriminator": dict(adam)}
    config.samples = {"every": 1000, "count": 24}
    config.checkpoint = {"every": 1000}
    config.parallel = {"inner_steps": 50}
    config.evaluation = {"names": ("series",), "samples": 5000, "real": 5000}
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
