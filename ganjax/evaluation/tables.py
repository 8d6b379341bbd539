"""Scores of tables: similarity, detection, and training on synthetic rows."""

import collections
import functools
import re
from collections.abc import Iterator

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.metrics import table_models as models
from ganjax.metrics.table_baselines import gaussian_copula, independent_columns
from ganjax.metrics.tables import (
    Table,
    check_rows,
    column_similarities,
    pair_similarities,
)
from ganjax.model import Model

BASELINES = ("copula", "independent")
_HIGHER = ("tables_columns", "tables_pairs", "tables_auc")
_LOWER = ("tables_detection", "tables_membership")


class Tables:
    """Scores of made rows of a table, compared with its real rows.

    ``tables_columns`` and ``tables_pairs``: the mean similarity of the columns, and of
    pairs of columns, with the training rows; 1 is the best value.
    ``tables_detection``: the area under the ROC curve of a logistic regression that
    tells made from training rows; 0.5 is chance. ``tables_auc``: the area under the ROC
    curve on real test rows of a gradient boosting of trees that learns ``data.target``
    from made rows. ``tables_way``: how far ``tables_auc`` is on the way from
    independent columns (0) to training rows (1). ``tables_membership``: how well the
    distance to the nearest made row tells training from test rows; 0.5 is chance.

    A score with ``_real``, ``_copula`` or ``_independent`` in its name is the score of
    training rows, of a Gaussian copula, or of independent columns. ``tables_share`` is
    the share of each class of the target and of each group of ``data.groups``, and
    ``tables_auc_COLUMN_VALUE`` the score on the test rows of a group.
    """

    lower = _LOWER
    higher = (*_HIGHER, "tables_way")
    neither = (
        "tables_share", "tables_auc_real",
        *(f"{stem}_{end}" for stem in (*_HIGHER, *_LOWER) for end in BASELINES),
    )  # fmt: skip

    def __init__(self, evaluation_data: EvaluationData):
        form = evaluation_data.source.spec.table
        if form is None or form.encoding != "modes":
            raise Uncomputable(
                "expected a table, such as data.name='table', with "
                "data.encoding='modes'"
            )
        for split in (evaluation_data.source.train, evaluation_data.source.test):
            check_rows(split.values, models.FOLDS)
        self._data, self._form, self._sizes = evaluation_data, form, form.sizes

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        made = self._form.decode(self._data.fake(model).data)
        n = self._data.samples
        base = self._baselines
        for name, value in self._scores(made):
            yield f"{name}_{n}", value
        for end, found in base.items():
            for name, value in found.items():
                yield f"{name}_{end}_{n}", value

    @functools.cached_property
    def _train(self) -> Table:
        return self._some(self._data.source.train)

    @functools.cached_property
    def _test(self) -> Table:
        return self._some(self._data.source.test)

    def _some(self, split):
        most = self._data.real or len(split.each)
        return models.some_rows(split.values, most, self._data.seed)

    @functools.cached_property
    def _baselines(self):
        """Return the scores of training rows, and of tables without learning."""
        n, seed = self._data.samples, self._data.seed
        made = (
            gaussian_copula(self._train, self._sizes, n, seed),
            independent_columns(self._train, n, seed),
        )
        found = {
            end: dict(self._plain(x)) for end, x in zip(BASELINES, made, strict=True)
        }
        found["real"] = dict(self._shares(self._train))
        if self._form.target:
            found["real"]["tables_auc"] = self._auc(self._train)[0]
        return found

    def _plain(self, made):
        columns = column_similarities(self._train, made, self._sizes)
        yield "tables_columns", float(np.mean(list(columns.values())))
        pairs = pair_similarities(self._train, made, self._sizes).values()
        if known := [x for x in pairs if not np.isnan(x)]:
            yield "tables_pairs", float(np.mean(known))
        yield "tables_detection", models.detection_auc(self._train, made, self._sizes)
        yield (
            "tables_membership",
            models.membership_auc(self._train, self._test, made, self._sizes),
        )
        if self._form.target:
            yield "tables_auc", self._auc(made)[0]

    def _scores(self, made):
        yield from self._plain(made)
        if self._form.target:
            auc, probabilities = self._auc(made)
            real = self._baselines["real"]["tables_auc"]
            chance = self._baselines["independent"]["tables_auc"]
            if real != chance:
                yield "tables_way", (auc - chance) / (real - chance)
            yield from self._of_groups(probabilities)
        yield from self._shares(made)

    def _auc(self, made):
        form = self._form
        how = form.target, form.threshold
        probabilities = models.prediction_scores(made, self._test, self._sizes, *how)
        return models.prediction_auc(probabilities, self._test, *how), probabilities

    def _of_groups(self, probabilities):
        form = self._form
        for name in form.groups:
            for i, said in enumerate(named(name, form[name].values)):
                own = self._test[name] == i
                rows = {key: x[own] for key, x in self._test.items()}
                classes = [np.unique(models.target_of(x, form.target, form.threshold))
                           for x in (rows, self._test)]  # fmt: skip
                if own.any() and len(classes[0]) == len(classes[1]):
                    auc = models.prediction_auc(
                        probabilities[own], rows, form.target, form.threshold
                    )
                    yield f"tables_auc_{said}", auc

    def _shares(self, made):
        form = self._form
        for name in form.groups:
            for i, said in enumerate(named(name, form[name].values)):
                yield f"tables_share_{said}", np.mean(made[name] == i)
        if form.target and form.threshold is not None:
            above = models.target_of(made, form.target, form.threshold)
            yield f"tables_share_{named(form.target, ['above'])[0]}", np.mean(above)
        elif form.target:
            for i, said in enumerate(named(form.target, form[form.target].values)):
                yield f"tables_share_{said}", np.mean(made[form.target] == i)


def named(column, values):
    """Return a column and each of its values as parts of names of scores. Values that
    differ in signs alone, such as <=50K and >50K, get their numbers."""
    found = [re.sub(r"\W+", "_", f"{column}_{x}").strip("_") for x in values]
    counts = collections.Counter(found)
    return [f"{x}_{i}" if counts[x] > 1 else x for i, x in enumerate(found)]
