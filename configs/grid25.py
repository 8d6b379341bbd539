"""A GAN on 25 Gaussians with means on the grid {-4, -2, 0, 2, 4}² and σ = 0.05.
Latents are z ~ N(0, I).

    ganjax train --config=grid25 --workdir=runs/grid25

Expected: 25 of 25 modes, and at least 85 % of 2,500 samples within 3σ.
"""

from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.steps = 60_000
    config.batch_size = 128
    config.data = {"name": "grid25"}
    config.latents = {"name": "normal", "size": 2}
    config.networks = {
        "generator": {"widths": (128, 128, 128)},
        "discriminator": {"widths": (128, 128, 128)},
    }
    config.regularizers = {"r1": {"weight": 0.1}}
    config.optimizers = {
        "discriminator": {"learning_rate": 1e-3, "b1": 0.0, "b2": 0.99},
        "generator": {"learning_rate": 1e-3, "b1": 0.0, "b2": 0.99},
    }
    config.ema = {"decay": 0.999}
    config.log = {"every": 200}
    config.samples = {"every": 6000, "count": 200}
    config.evaluation = {"names": ("modes",), "every": 6000, "samples": 2500}
    config.checkpoint = {"every": 8000}
    config.parallel = {"inner_steps": 100}
    return config
