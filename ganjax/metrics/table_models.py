"""Scores of tables by fixed models of scikit-learn: detection, training on synthetic
rows, and a membership attack. `ganjax.metrics.tables` describes tables and ``sizes``.
"""

from collections.abc import Mapping

import numpy as np

from ganjax.metrics.tables import Table, check_rows

FOLDS = 3
# Rows at random of each table: for detection, and for the attack.
MOST_DETECTED, MOST_ATTACKED = 20_000, 2000
_DISTANCES = 2**25  # computed together, in float32


def some_rows(table: Table, most: int, seed: int = 0) -> Table:
    """Return at most ``most`` rows of a table, chosen at random by ``seed``: the same
    ones in each call."""
    rows = len(next(iter(table.values())))
    if rows <= most:
        return table
    at = np.sort(np.random.default_rng(seed).permutation(rows)[:most])
    return {name: x[at] for name, x in table.items()}


def features(table: Table, like: Table, sizes: Mapping[str, int]):
    """Return rows as vectors for linear models and distances, as a sparse matrix
    ``[n, d]``: one-hot categories with missing as a category, and numbers with the mean
    0 and the deviation 1 in ``like``, 0 if missing, with a number that is 1 if
    missing."""
    from scipy import sparse

    parts = []
    for name, size in sizes.items():
        x = table[name]
        if size:
            ones, at = np.ones(len(x)), np.arange(len(x))
            place = at, np.where(x < 0, size, x)
            parts.append(sparse.csr_array((ones, place), shape=(len(x), size + 1)))
            continue
        known = like[name][~np.isnan(like[name])]
        mean, deviation = (known.mean(), known.std()) if len(known) else (0.0, 1.0)
        number = np.nan_to_num((x - mean) / (deviation or 1.0))
        parts.append(sparse.csr_array(np.stack([number, np.isnan(x)], axis=1)))
    return sparse.hstack(parts, format="csr")


def detection_auc(real: Table, other: Table, sizes: Mapping[str, int]) -> float:
    """Return how well a logistic regression tells real from other rows: the mean area
    under the ROC curve over three folds. 0.5 is chance, and the best value.

    At most ``MOST_DETECTED`` rows of each table, chosen at random, are compared: the
    standard error is then 0.003. ``LogisticDetection`` of SDMetrics reports
    1 − (2·max(AUC, 0.5) − 1).
    """
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    # Other rows of a table that repeats the real one.
    real, other = (some_rows(t, MOST_DETECTED, i) for i, t in enumerate((real, other)))
    for table in (real, other):
        check_rows(table, FOLDS)
    x = sparse.vstack([features(t, real, sizes) for t in (real, other)], format="csr")
    y = np.repeat([0, 1], [len(next(iter(t.values()))) for t in (real, other)])
    found = []
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(y, y):
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
    the target's column is left out. A class with fewer than two rows in ``train`` has
    probability 0."""
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
    there, counts = np.unique(known, return_counts=True)
    there = there[counts > 1]
    if len(there) < 2:
        found[:, np.isin(classes, there)] = 1
        return found
    kept = np.isin(known, there)
    model = HistGradientBoostingClassifier(random_state=0)
    model.fit(matrix(train)[kept], known[kept])
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


def nearest_distances(queries, rows) -> np.ndarray:
    """Return the distance of each query to the nearest row, ``[n]``, of ``features``.
    The nearest row is found in single precision; the distance is exact."""
    single = rows.astype(np.float32)
    squares = single.multiply(single).sum(axis=1)
    count, nearest = max(1, _DISTANCES // rows.shape[0]), []
    for start in range(0, queries.shape[0], count):
        some = queries[start : start + count].astype(np.float32).toarray().T
        found = single @ some
        found *= -2
        found += squares[:, None]
        nearest.append(found.argmin(axis=0))
    gaps = queries - rows[np.concatenate(nearest)]
    return np.sqrt(gaps.multiply(gaps).sum(axis=1))


def membership_auc(
    members: Table, others: Table, made: Table, sizes: Mapping[str, int]
) -> float:
    """Return how well the distance to the nearest made row tells members (training
    rows) from others: the area under the ROC curve. 0.5 is chance (the attack of Chen
    et al. 2020, arXiv 1909.03935, that knows only samples).

    At most ``MOST_ATTACKED`` members and as many others, chosen at random, are
    attacked: the standard error is then 0.009. All made rows are searched, since a part
    of them would hide most copies.
    """
    from sklearn.metrics import roc_auc_score

    rows = features(made, members, sizes)
    some = (some_rows(table, MOST_ATTACKED) for table in (members, others))
    near = [nearest_distances(features(table, members, sizes), rows) for table in some]
    truth = np.repeat([1, 0], [len(x) for x in near])
    return float(roc_auc_score(truth, -np.concatenate(near)))
