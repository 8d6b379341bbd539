"""Filling in of missing numbers without a game, and its error."""

import warnings

import numpy as np

from ganjax.errors import Uncomputable


def rmse(filled: np.ndarray, hidden: np.ndarray) -> float:
    """Return the root mean squared error of filled-in rows ``[n, d]`` over the cells
    whose true values are in ``hidden [n, d]``, which is nan elsewhere.

    Raises:
      Uncomputable: no cell is hidden.
    """
    cells = ~np.isnan(hidden)
    if not cells.any():
        raise Uncomputable("no cell is hidden, expected at least one")
    return float(np.sqrt(np.mean((filled[cells] - hidden[cells]) ** 2)))


def mean_imputation(train: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return ``rows [n, d]`` with the mean of the known training values of the column
    in the place of nan; 0 for a column without known values."""
    known = ~np.isnan(train)
    means = np.where(known, train, 0).sum(0) / np.maximum(known.sum(0), 1)
    return np.where(np.isnan(rows), means, rows)


def iterative_imputation(
    train: np.ndarray, rows: np.ndarray, seed: int = 0
) -> np.ndarray:
    """Return ``rows [n, d]`` with nan filled in by scikit-learn's ``IterativeImputer``,
    fitted to the training rows ``[m, d]``: Bayesian ridge regressions of each column on
    the others, in at most ten rounds (van Buuren & Groothuis-Oudshoorn 2011)."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    model = IterativeImputer(random_state=seed, keep_empty_features=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(train).transform(rows)
