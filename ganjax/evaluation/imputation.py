"""Scores of filled-in values of a table, compared with imputation without a game."""

from collections.abc import Iterator

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.metrics.imputation import iterative_imputation, mean_imputation, rmse
from ganjax.model import Model


class Imputation:
    """Root mean squared error of hidden cells that the game fills in, with each column
    scaled to [0, 1].

    ``imputation_rmse``: over the cells of training rows that ``data.hide`` hid, as in
    GAIN's paper, which trains on the rows that it fills. ``imputation_test_rmse``: over
    the hidden cells of test rows. A score with ``_mean`` or ``_iterative`` in its name
    is the error of the mean of the known values, or of scikit-learn's iterative
    imputer, both fitted to the training rows.
    """

    lower = ("imputation_rmse", "imputation_test_rmse")
    neither = tuple(f"{x}_{y}" for x in lower for y in ("mean", "iterative"))

    def __init__(self, evaluation_data: EvaluationData):
        evaluation_data.require("impute")
        if getattr(evaluation_data.source.train, "hidden", None) is None:
            raise Uncomputable("expected data.hide above 0, which hides known cells")
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        source, seed = self._data.source, self._data.seed
        train = masked(source.train)
        for split, stem in (
            (source.train, "imputation_rmse"),
            (source.test, "imputation_test_rmse"),
        ):
            rows, hidden = masked(split), split.hidden
            known = ~np.isnan(rows)
            rng = np.random.default_rng(seed)
            noise = rng.random(rows.shape).astype(np.float32)
            parts = [np.nan_to_num(rows), known.astype(np.float32), noise]
            made = model.ask("impute", np.concatenate(parts, axis=1))
            yield stem, rmse(made, hidden)
            yield f"{stem}_mean", rmse(mean_imputation(train, rows), hidden)
            iterative = iterative_imputation(train, rows, seed)
            yield f"{stem}_iterative", rmse(iterative, hidden)


def masked(split) -> np.ndarray:
    """Return the rows of a split as a game sees them: numbers in [0, 1] ``[n,
    columns]``, nan where a value is missing or hidden."""
    data, shown = split.arrays
    return np.where(shown > 0, data, np.nan)
