"""A differentially private GAN of a table: DP-SGD on the discriminator (Abadi et al.
2016, arXiv 1607.00133), or PATE-GAN (Jordon et al. 2019).

    pip install "ganjax[tables,privacy]"
    ganjax train --config=private_table --workdir=runs/private
    ganjax privacy --workdir=runs/private
    ganjax sweep --config=sweeps/privacy --workdir=runs/privacy

The data are the survey of Fair (1978). Its codes and ranges are the ones that its
questionnaire offers, so they are public. ``:pate`` takes PATE-GAN, and ``:mnist``
images. For the membership attack ``:members`` trains on 200 rows with the noise of ε =
1, and ``:overfit`` trains a CTGAN on the same rows. ``:tiny`` runs in seconds.

Expected: not measured yet. The aim is a membership attack of at most 0.55 at ε = 1, and
clearly above for ``:overfit``.
"""

from ml_collections import ConfigDict

from configs import table

ARGUMENTS = ("pate", "mnist", "members", "overfit", "tiny")
HELD_OUT = 6166.0  # of 6,366 rows
FAIR = (
    "rate_marriage:category:1|2|3|4|5",
    "age:category:17.5|22|27|32|37|42",
    "yrs_married:category:0.5|2.5|6|9|13|16.5|23",
    "children:category:0|1|2|3|4|5.5",
    "religious:category:1|2|3|4",
    "educ:category:9|12|14|16|17|20",
    "occupation:category:1|2|3|4|5|6",
    "occupation_husb:category:1|2|3|4|5|6",
    "affairs:number:0..60.0000000=0",
)


def get_config(variant=""):
    if variant == "overfit":
        return _overfit()
    config = ConfigDict()
    config.game = "pate_gan" if variant == "pate" else "private_gan"
    config.batch_size = 128
    config.steps = 2000
    config.data = {"name": "fair", "public": FAIR, "feed": "poisson"}
    config.latents = {"name": "normal", "size": 32}
    config.networks = {
        "generator": {"name": "tabular", "widths": (128, 128)},
        "discriminator": {"widths": (128, 128)},
    }
    adam = {"learning_rate": 1e-3, "b1": 0.5, "b2": 0.9}
    config.optimizers = {"generator": dict(adam), "discriminator": dict(adam)}
    config.options = {"clip": 1.0, "noise": 4.3, "delta": 1e-5}
    if variant == "pate":
        config.networks.teachers = {"widths": (64,)}
        config.optimizers.teachers = {**adam, "updates_per_step": 2}
        config.optimizers.generator.updates_per_step = 5
        config.options = {"teachers": 50, "labels": 8, "vote_rate": 0.02}
        config.options.delta = 1e-5
        config.steps = 400
    config.log = {"every": 100}
    config.samples = {"every": 0, "count": 200}
    config.checkpoint = {"every": 1000}
    config.evaluation = {"names": ("tables",), "samples": 5093}
    if variant == "members":
        config.data.holdout = HELD_OUT
        config.batch_size = 20
        config.options.noise = 17.0
    if variant == "mnist":
        return _mnist(config)
    return _tiny(config) if variant == "tiny" else config


def _overfit():
    config = table.get_config()
    config.data.holdout = HELD_OUT
    config.packing = 1
    config.batch_size = 100
    config.networks.discriminator.dropout = 0.0
    config.steps = 8000
    config.evaluation.samples = 5093
    return config


def _mnist(config):
    config.data = {"name": "mnist", "feed": "poisson"}
    config.batch_size = 256
    config.networks = {
        "generator": {"name": "dcgan", "width": 32},
        "discriminator": {"name": "dcgan", "width": 32, "normalization": "none"},
    }
    config.evaluation = {"names": ("pixels",), "samples": 5000, "real": 10_000}
    return config


def _tiny(config):
    config.steps = 2
    config.batch_size = 8
    config.data = {"name": "digits", "feed": "poisson"}
    for network in config.networks:
        config.networks[network] = {"widths": (8,)}
    config.latents.size = 4
    config.log = {"every": 1}
    config.samples = {"every": 2, "count": 10}
    config.checkpoint = {"every": 2}
    config.evaluation = {"samples": 100}
    return config
