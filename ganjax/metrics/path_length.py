"""The mean of the lengths of paths, as the perceptual path length takes it."""

import numpy as np

from ganjax.metrics.arrays import as_line

# Lengths outside of these percentiles are left out.
PERCENTILES = 1, 99


def path_length(lengths) -> float:
    """Return the mean of the lengths from the 1st to the 99th percentile.

    The ends are values of the array, and they count: of 1,000 lengths the 9 shortest
    and the 9 longest are left out, of 100 none. So do StyleGAN, StyleGAN2-ADA and
    torch-fidelity (Karras et al. 2019, arXiv 1812.04948, section 4.1).

    Args:
      lengths: ``[N]``, ``|f(G(z(t))) − f(G(z(t + ε)))|² / ε²`` of each path.

    Raises:
      Uncomputable: wrong shape, no length, or a value is not finite.
    """
    lengths = as_line(lengths, "lengths")
    low = np.percentile(lengths, PERCENTILES[0], method="lower")
    high = np.percentile(lengths, PERCENTILES[1], method="higher")
    return float(lengths[(low <= lengths) & (lengths <= high)].mean())
