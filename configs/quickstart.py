"""A DCGAN on 1,297 handwritten digits of 8×8 pixels, which are part of scikit-learn.

    ganjax train --config=quickstart --workdir=runs/quickstart

Expected in less than 4 minutes on 2 CPU cores: 1,000 samples show all 10 classes, each
in at least 3 % of the samples. The coverage of the held-out digits is at least 0.5.
"""

from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.steps = 20_000
    config.batch_size = 64
    config.data = {"name": "digits"}
    config.latents = {"name": "normal", "size": 32}
    config.networks = {
        "generator": {"name": "dcgan", "width": 64},
        "discriminator": {"name": "dcgan", "width": 64},
    }
    config.regularizers = {"r1": {"weight": 0.1}}
    config.optimizers = {
        "discriminator": {"learning_rate": 2e-4},
        "generator": {"learning_rate": 2e-4},
    }
    config.samples = {"every": 1000, "count": 100}
    config.evaluation = {"names": ("pixels",), "every": 2000}
    config.checkpoint = {"every": 2000}
    return config
