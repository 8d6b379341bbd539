"""The schedule of a projection (Karras et al. 2020, arXiv 1912.04958, appendix D; the
constants are in NVlabs/stylegan2-ada-pytorch, ``projector.py``).

``t`` is the share of the steps that are done, from 0 to below 1.
"""

import math

# The largest learning rate, and the shares of the steps in which it rises and falls.
RATE, RISE, FALL = 0.1, 0.05, 0.25
# The first noise on a latent, relative to the spread of latents, and the share of the
# steps after which there is none.
NOISE, NOISY = 0.05, 0.75


def learning_rate(t: float) -> float:
    """Return the learning rate. It rises linearly, stays, and falls as a cosine."""
    left = min(1.0, (1 - t) / FALL)
    return RATE * (0.5 - 0.5 * math.cos(math.pi * left)) * min(1.0, t / RISE)


def noise_scale(t: float) -> float:
    """Return the standard deviation of the noise on each number of a latent, relative
    to the spread of latents. It falls quadratically to 0."""
    return NOISE * max(0.0, 1 - t / NOISY) ** 2
