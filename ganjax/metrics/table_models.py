"""Scores of tables by fixed models of scikit-learn: detection, training on synthetic
rows, and a membership attack. `ganjax.metrics.tables` describes tables and ``sizes``.
"""

from collections.abc import Mapping

import numpy as np

from ganjax.metrics.tables import Table, check_rows

FOLDS = 3


def features(table: Table, like: Table, sizes: Mapping[str, int]) -> np.ndarray:
    """Return rows as vectors ``[n, d]`` for linear models and distances: one-hot
    categories with missing as a category, and numbers with the mean 0 and the deviation
    1 in ``like``, 0 if missing, with a number that is 1 if missing."""
    parts = []
    for name, size in sizes.items():
        x = table[name]
        if size:
            parts.append(np.eye(size + 1)[np.where(x < 0, size, x)])
            continue
        known = like[name][~np.isnan(like[name])]
        mean, deviation = (known.mean(), known.std()) if len(known) else (0.0, 1.0)
        number = (x - mean) / (deviation or 1.0)
        parts.append(np.stack([np.nan_to_num(number), np.isnan(x)], axis=1))
    return np.concatenate(parts, axis=1)


def detection_auc(real: Table, other: Table, sizes: Mapping[str, int]) -> float:
    """Return how well a logistic regression tells real from other rows: the mean area
    under the ROC curve over three folds. 0.5 is chance, and the best value.

    ``LogisticDetection`` of SDMetrics reports 1 − (2·max(AUC, 0.5) − 1).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    for table in (real, other):
        check_rows(table, FOLDS)
    x = np.concatenate([features(t, real, sizes) for t in (real, other)])
    y = np.repeat([0, 1], [len(next(iter(t.values()))) for t in (real, other)])
    found = []
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(x, y):
        model = LogisticRegression(max_iter=1000).fit(x[train], y[train])
        found.append(roc_auc_score(y[test], model.predict_proba(x[test])[:, 1]))
    return float(np.mean(found))


def target_of(table: Table, target: str, threshold: float | None) -> np.ndarray:
    """Return the classes ``[n]`` that are predicted: the categories of a column, or
    whether a number is above ``threshold``."""
    return table[target] if threshold is None else (table[target] > threshold) * 1


def prediction_scores(
    train: Table, test: Table, sizes: Mapping[str, int], target: str,
    threshold: float | None = None,
) -> np.ndarray:  # fmt: skip
    """Return the probability of each class for rows of ``test``, ``[n, classes of
    test]``, by a gradient boosting of trees (scikit-learn's histogram implementation
    with its defaults) that was fitted to ``train``. Categories are their numbers, and
    the target's column is left out. A class that ``train`` lacks has probability 0."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    inputs = [name for name in sizes if name != target]

    def matrix(table):
        columns = [np.where(table[n] < 0, np.nan, table[n]) if sizes[n] else table[n]
                   for n in inputs]  # fmt: skip
        return np.stack(columns, axis=1).astype(np.float64)

    known = target_of(train, target, threshold)
    classes = np.unique(target_of(test, target, threshold))
    rows = len(next(iter(test.values())))
    found = np.zeros((rows, len(classes)))
    there = np.unique(known)
    if len(there) < 2:
        found[:, np.isin(classes, there)] = 1
        return found
    model = HistGradientBoostingClassifier(random_state=0).fit(matrix(train), known)
    made = model.predict_proba(matrix(test))
    for i, label in enumerate(classes):
        if label in there:
            found[:, i] = made[:, np.flatnonzero(model.classes_ == label)[0]]
    return found


def prediction_auc(
    probabilities: np.ndarray, test: Table, target: str, threshold: float | None = None
) -> float:
    """Return the area under the ROC curve of ``prediction_scores``. With more than two
    classes it is the mean over the classes, each against all others. It is nan if the
    test rows have one class."""
    from sklearn.metrics import roc_auc_score

    truth = target_of(test, target, threshold)
    classes = np.unique(truth)
    if len(classes) < 2:
        return float("nan")
    if len(classes) == 2:
        return float(roc_auc_score(truth == classes[1], probabilities[:, 1]))
    each = [roc_auc_score(truth == x, probabilities[:, i])
            for i, x in enumerate(classes)]  # fmt: skip
    return float(np.mean(each))


def membership_auc(
    members: Table, others: Table, made: Table, sizes: Mapping[str, int]
) -> float:
    """Return how well the distance to the nearest made row tells members (training
    rows) from others: the area under the ROC curve. 0.5 is chance (the attack of Chen
    et al. 2020, arXiv 1909.03935, that knows only samples)."""
    from sklearn.metrics import roc_auc_score
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=1).fit(features(made, members, sizes))
    near = [search.kneighbors(features(t, members, sizes))[0][:, 0]
            for t in (members, others)]  # fmt: skip
    truth = np.repeat([1, 0], [len(x) for x in near])
    return float(roc_auc_score(truth, -np.concatenate(near)))
