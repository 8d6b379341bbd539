"""Scores of generated time series: whether a classifier finds them, and whether they
teach how to predict real ones."""

from collections.abc import Iterator

from ganjax.data.forms import SERIES
from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.metrics.series import discriminative_score, predictive_score, shuffled
from ganjax.model import Model


class Series:
    """Discriminative and predictive score of time series (Yoon et al. 2019, section 5).

    ``series_discriminative`` is |accuracy − ½| of a recurrent classifier of held-out
    and generated series. ``series_predictive`` is the mean absolute error on held-out
    series of a recurrent network that learned on generated series to predict the last
    variable one step ahead. ``_real`` is the same score of training series in place of
    generated ones. With ``_shuffled`` the steps of each generated series are in a
    random order; a classifier that sees dynamics then scores nearly ½.
    """

    lower = ("series_discriminative", "series_predictive")
    neither = tuple(f"{stem}_{way}" for stem in lower for way in ("real", "shuffled"))

    def __init__(self, evaluation_data: EvaluationData):
        form = evaluation_data.source.spec.form
        if form is None or form.kind != SERIES:
            raise Uncomputable("expected time series, such as data.name='sines'")
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        n, seed = evaluation_data.samples, evaluation_data.seed
        test, made = evaluation_data.test.data, evaluation_data.fake(model).data
        sets = {
            "": made,
            "_real": evaluation_data.train.data[:n],
            "_shuffled": shuffled(made, seed),
        }
        for way, series in sets.items():
            score = discriminative_score(test, series, seed)
            yield f"series_discriminative{way}_{n}", score
            yield f"series_predictive{way}_{n}", predictive_score(series, test, seed)
