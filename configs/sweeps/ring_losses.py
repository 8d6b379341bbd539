"""Seven losses on the ring of eight Gaussians, eight seeds each.

    python scripts/sweep.py --config=configs/sweeps/ring_losses.py \\
        --workdir=runs/ring_losses

56 trials of 5,000 steps in 7 programs.
"""

from configs import ring8
from ganjax.space import grid, product, seeds

LOSSES = (
    "minimax", "non_saturating", "least_squares", "wasserstein", "hinge",
    "relativistic_pairing", "relativistic_average",
)  # fmt: skip


def get_config():
    config = ring8.get_config()
    config.steps = 5000
    config.checkpoint = {"every": 2500}
    return config


def sweep():
    return product(grid({"loss.name": LOSSES}), seeds(8))
