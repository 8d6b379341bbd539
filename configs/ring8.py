"""A GAN on eight Gaussians with means on a ring of radius 1 and σ = 0.02. Latents are
z ~ N(0, I).

    ganjax train --config=ring8 --workdir=runs/ring8

Expected: 8 of 8 modes, and at least 90 % of 2,500 samples within 3σ.
"""

from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.steps = 12_000
    config.batch_size = 128
    config.data = {"name": "ring8"}
    config.latents = {"name": "normal", "size": 2}
    config.networks = {
        "generator": {"widths": (128, 128, 128)},
        "discriminator": {"widths": (128, 128)},
    }
    config.regularizers = {"r1": {"weight": 0.1}}
    config.optimizers = {
        "discriminator": {"learning_rate": 1e-3, "b1": 0.0, "b2": 0.99},
        "generator": {"learning_rate": 2e-3, "b1": 0.0, "b2": 0.99},
    }
    config.schedules = {  # at full rates the game may leave the solution late
        "decay": {"knobs": "optimizers.*.learning_rate", "shape": "linear", "end": 0.0}
    }
    config.ema = {"decay": 0.999}
    config.log = {"every": 100}
    config.samples = {"every": 1000, "count": 200}
    config.evaluation = {"names": ("modes",), "every": 1000, "samples": 2500}
    config.checkpoint = {"every": 4000}
    config.parallel = {"inner_steps": 100}
    return config
