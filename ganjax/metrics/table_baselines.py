"""Tables without learning of joint distributions: independent columns, and a Gaussian
copula. `ganjax.metrics.tables` describes tables and ``sizes``."""

from collections.abc import Mapping

import numpy as np

from ganjax.metrics.tables import Table


def independent_columns(table: Table, n: int, seed: int) -> dict[str, np.ndarray]:
    """Return ``n`` rows whose columns are drawn from the columns of a table, each
    independently."""
    rng = np.random.default_rng(seed)
    return {name: rng.choice(x, n) for name, x in table.items()}


def gaussian_copula(
    table: Table, sizes: Mapping[str, int], n: int, seed: int
) -> dict[str, np.ndarray]:
    """Return ``n`` rows with the marginals of a table and a Gaussian copula (Patki et
    al. 2016, The synthetic data vault).

    Each value becomes its normal score Φ⁻¹(u), where u is uniform in the value's part
    of the distribution function. So equal values, such as categories, share a part. A
    missing value is the smallest. The rows have normal scores with the same
    correlation.
    """
    from scipy.special import ndtr, ndtri

    rng = np.random.default_rng(seed)
    ordered, scores = {}, []
    for name, x in table.items():
        x = np.where(np.isnan(x), -np.inf, x) if not sizes[name] else x
        ordered[name] = np.sort(x)
        low, high = (
            np.searchsorted(ordered[name], x, side) for side in ("left", "right")
        )
        u = (low + (high - low) * rng.random(len(x))) / len(x)
        scores.append(ndtri(np.clip(u, 1e-6, 1 - 1e-6)))
    normal = np.stack(scores, axis=1)
    deviation = np.maximum(normal.std(0), 1e-12)
    covariance = np.cov((normal - normal.mean(0)) / deviation, rowvar=False)
    covariance = np.atleast_2d(covariance) + 1e-9 * np.eye(len(scores))
    root = np.linalg.cholesky(covariance)
    drawn = ndtr(rng.standard_normal((n, len(scores))) @ root.T)
    made = {}
    for i, (name, values) in enumerate(ordered.items()):
        at = np.minimum((drawn[:, i] * len(values)).astype(int), len(values) - 1)
        own = values[at]
        made[name] = own if sizes[name] else np.where(np.isneginf(own), np.nan, own)
    return made
