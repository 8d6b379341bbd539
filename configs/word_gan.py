"""A GAN of sentences of a random oracle with 500 words (the task of SeqGAN; Yu et al.
2017, arXiv 1609.05473, with 5,000 words), by the Gumbel-softmax.

    ganjax train --config=word_gan --workdir=runs/word_gan
    ganjax sample --workdir=runs/word_gan --n=20 --out=sentences.png
    ganjax sample --workdir=runs/word_gan --n=1000 --out=sentences.txt

Maximum likelihood takes the first steps, then generator and critic play. ``:tiny`` runs
in seconds.

Expected: not measured yet. Both ``sentences_oracle_nll`` and ``sentences_reverse_nll``
are reported beside maximum likelihood at four temperatures (``_mle_100`` to
``_mle_70``), also if it is better (Caccia et al. 2020, arXiv 1811.02549).
"""

from ml_collections import ConfigDict

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = ConfigDict()
    config.game = "word_gan"
    config.steps = 6000
    config.batch_size = 64
    config.data = {"name": "oracle_words"}
    config.latents = {"name": "normal", "size": 4}
    config.networks = {
        "generator": {"width": 32},
        "discriminator": {"width": 32, "windows": (1, 2, 3, 4, 5), "filters": 64},
    }
    config.options = {"likelihood_steps": 3000, "relaxation": 1.0}
    config.loss = {"name": "relativistic_pairing"}
    config.optimizers = {
        "likelihood": {"learning_rate": 1e-2, "b1": 0.9},
        "generator": {"learning_rate": 1e-4, "b1": 0.9},
        "discriminator": {"learning_rate": 1e-4, "b1": 0.9},
    }
    config.samples = {"every": 1000, "count": 20}
    config.checkpoint = {"every": 1000}
    config.parallel = {"inner_steps": 50}
    config.evaluation = {"names": ("sentences",), "samples": 5000}
    return _tiny(config) if arg == "tiny" else config


def _tiny(config):
    config.data.update({"words": 8, "length": 5, "sentences": 200})
    config.steps = 4
    config.batch_size = 8
    config.networks.generator.width = 4
    config.networks.discriminator.update({"width": 4, "windows": (2,), "filters": 4})
    config.options.likelihood_steps = 2
    config.log = {"every": 1}
    config.samples = {"every": 4, "count": 8}
    config.checkpoint = {"every": 4}
    config.parallel.inner_steps = 1
    config.evaluation.samples = 100
    return config
