"""The last step of the perceptual path length: a mean without extreme lengths."""

import numpy as np

from ganjax.metrics.arrays import as_line

# Lengths outside of these percentiles are left out.
PERCENTILES = 1, 99


def path_length(lengths) -> float:
    """Return the mean of the lengths from the 1st to the 99th percentile.

    Both percentiles are lengths in the array, and the mean includes them: of 1,000
    lengths the 9 shortest and the 9 longest are left out, of 100 none. StyleGAN,
    StyleGAN2-ADA and torch-fidelity use the same rule (Karras et al. 2019, arXiv
    1812.04948, section 4.1).

    Args:
      lengths: ``[N]``, ``|f(G(z(t))) − f(G(z(t + ε)))|² / ε²`` of each path z(t), with
        the generator G and features f.

    Raises:
      Uncomputable: ``lengths`` is empty or has another shape, or a value is not finite.
    """
    lengths = as_line(lengths, "lengths")
    low = np.percentile(lengths, PERCENTILES[0], method="lower")
    high = np.percentile(lengths, PERCENTILES[1], method="higher")
    return float(lengths[(low <= lengths) & (lengths <= high)].mean())
