"""Sweep of seven losses on the grid of 25 Gaussians, with eight seeds.

    ganjax sweep --config=sweeps/grid_losses \\
        --workdir=runs/grid_losses

56 trials of 60,000 steps in 7 compiled programs. Expected time: two hours on two CPU
cores. Ours: not run.
"""

from configs import grid25
from configs.sweeps.ring_losses import LOSSES
from ganjax.space import grid, product, seeds


def get_config():
    return grid25.get_config()


def sweep():
    return product(grid({"loss.name": LOSSES}), seeds(8))
