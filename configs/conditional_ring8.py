"""Conditional GAN on eight Gaussians (Mirza & Osindero 2014, arXiv 1411.1784). Each
Gaussian is one class.

    ganjax train --config=conditional_ring8 --workdir=runs/cgan

Expected: 8 of 8 modes, and at least 90 % of 2,500 samples within 3σ.
"""

from configs import ring8


def get_config():
    config = ring8.get_config()
    config.game = "conditional_gan"
    return config
