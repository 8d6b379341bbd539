"""Adversarial autoencoder on the swiss roll (Makhzani et al. 2016, arXiv 1511.05644).
The codes have two dimensions and follow N(0, I).

    ganjax train --config=adversarial_autoencoder_swiss_roll \\
        --workdir=runs/aae

Measured on 2 CPU cores: a reconstruction error of 0.007 after 45 seconds.
"""

from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.game = "adversarial_autoencoder"
    config.steps = 12_000
    config.batch_size = 256
    config.data = {"name": "swiss_roll"}
    config.latents = {"name": "normal", "size": 2}
    config.networks = {
        "encoder": {"widths": (128, 128, 128)},
        "decoder": {"widths": (128, 128, 128)},
        "discriminator": {"widths": (128, 128)},
    }
    config.regularizers = {"r1": {"weight": 0.5}}
    config.optimizers = {
        "autoencoder": {"learning_rate": 5e-4},
        "discriminator": {"learning_rate": 1e-3, "b1": 0.0, "b2": 0.99},
        "encoder": {"learning_rate": 3e-4, "b1": 0.0, "b2": 0.99},
    }
    config.samples = {"every": 1000, "count": 200}
    config.checkpoint = {"every": 4000}
    config.parallel = {"inner_steps": 100}
    return config
