"""Scores of tables, by hand and against SDMetrics."""

import warnings

import numpy as np
import pytest

from ganjax.metrics import table_models as models
from ganjax.metrics.imputation import mean_imputation, rmse
from ganjax.metrics.table_baselines import gaussian_copula, independent_columns
from ganjax.metrics.tables import (
    associations,
    column_similarity,
    correlation,
    pair_similarities,
)

NAN = float("nan")
SIZES = {"x": 0, "y": 0, "c": 3, "d": 2}


def rows(n, seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(shift, 1, n)
    c = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    return {
        "x": x,
        "y": 0.8 * x + 0.6 * rng.normal(0, 1, n) + c,
        "c": c,
        "d": (rng.random(n) < 0.2 + 0.3 * c).astype(int),
    }


def test_similarities_of_columns_by_hand():
    """The distribution functions of 1, 2 and 2, 3 differ most below 2: ½ − 0. The
    shares ¾, ¼, 0 and ½, ½, 0 have the total variation distance ¼."""
    real, other = np.array([1.0, 2.0, NAN]), np.array([2.0, 3.0])
    assert column_similarity(real, other, 0) == pytest.approx(0.5)
    real, other = np.array([0, 0, 0, 1]), np.array([0, 1])
    assert column_similarity(real, other, 2) == pytest.approx(0.75)
    missing = np.array([0, -1])
    assert column_similarity(real, missing, 2) == pytest.approx(0.5)
    assert column_similarity(np.array([NAN]), np.array([NAN]), 0) == 1
    assert column_similarity(np.array([NAN]), np.array([1.0]), 0) == 0


def test_similarities_of_pairs_by_hand():
    """ρ = 1 and −1 give 1 − 2/2. The joint shares (½, ½ on the diagonal) and ¼ each
    have the distance ½."""
    line = np.arange(4.0)
    pair = pair_similarities(
        {"a": line, "b": line}, {"a": line, "b": -line}, {"a": 0, "b": 0}
    )
    assert pair["a", "b"] == pytest.approx(0)
    real = {"a": np.array([0, 1]), "b": np.array([0, 1])}
    other = {"a": np.array([0, 0, 1, 1]), "b": np.array([0, 1, 0, 1])}
    pair = pair_similarities(real, other, {"a": 2, "b": 2})
    assert pair["a", "b"] == pytest.approx(0.5)


def test_similarities_are_those_of_sdmetrics():
    pandas = pytest.importorskip("pandas")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pairs = pytest.importorskip("sdmetrics.column_pairs")
        single = pytest.importorskip("sdmetrics.single_column")
    real, other = rows(500), rows(400, 1, 0.3)
    columns = {"KSComplement": ("x", "y"), "TVComplement": ("c", "d")}
    for name, own in columns.items():
        for column in own:
            wanted = getattr(single, name).compute(
                pandas.Series(real[column]), pandas.Series(other[column])
            )
            found = column_similarity(real[column], other[column], SIZES[column])
            assert found == pytest.approx(wanted, abs=1e-9)
    found = pair_similarities(real, other, SIZES)
    numbers = {"x", "y"}
    for (a, b), value in found.items():
        both = [pandas.DataFrame({k: t[k] for k in (a, b)}) for t in (real, other)]
        if {a, b} <= numbers:
            wanted = pairs.CorrelationSimilarity.compute(*both)
        else:
            own = [x for x in (a, b) if x in numbers]
            wanted = pairs.ContingencySimilarity.compute(
                *both, continuous_column_names=own or None
            )
        assert value == pytest.approx(wanted, abs=1e-9), (a, b)


def test_associations_by_hand():
    """A category that follows from another one has Cramér's V 1, an independent one 0.
    The means of the groups 0, 0, 4, 4 explain all of the variance."""
    c = np.array([0, 0, 1, 1])
    table = {"a": c, "b": 1 - c, "i": np.array([0, 1, 0, 1]), "n": 4.0 * c}
    found = associations(table, {"a": 2, "b": 2, "i": 2, "n": 0})
    np.testing.assert_allclose(found[0, [1, 2, 3]], [1, 0, 1], atol=1e-12)
    assert found[2, 3] == pytest.approx(0)
    assert np.isnan(correlation(np.ones(3), np.arange(3.0)))


def test_detection_and_membership():
    """Rows of the same distribution cannot be detected, shifted ones can. Copies of the
    members have the distance 0."""
    real = rows(1000)
    assert abs(models.detection_auc(real, rows(1000, 1), SIZES) - 0.5) < 0.06
    assert models.detection_auc(real, rows(1000, 1, shift=3.0), SIZES) > 0.9
    others = rows(1000, 2)
    assert models.membership_auc(real, others, real, SIZES) > 0.99
    fresh = rows(1000, 3)
    assert abs(models.membership_auc(real, others, fresh, SIZES) - 0.5) < 0.06


def test_the_nearest_distances_by_hand():
    """Two categories that differ are at the distance 2 (a square), numbers at the
    difference in deviations, and a missing number at 1 and its distance from the
    mean."""
    like = {"x": np.array([-1.0, 1.0]), "c": np.array([0, 1])}
    made = {"x": np.array([-1.0, 1.0, 5.0]), "c": np.array([0, 1, 0])}
    asked = {"x": np.array([-1.0, -1.0, NAN]), "c": np.array([0, 1, 1])}
    sizes = {"x": 0, "c": 2}
    found = models.nearest_distances(
        models.features(asked, like, sizes), models.features(made, like, sizes)
    )
    np.testing.assert_allclose(found, np.sqrt([0, 2, 2]), rtol=1e-7)


def test_large_tables_are_compared_by_some_rows(monkeypatch):
    """A part of the rows gives almost the same scores. Copies are found among all made
    rows, and a copy of the real table is not detected."""
    real, others, made = rows(1500), rows(1500, 2), rows(1500, 1, shift=1.0)
    all_rows = models.detection_auc(real, made, SIZES)
    monkeypatch.setattr(models, "MOST_DETECTED", 700)
    monkeypatch.setattr(models, "MOST_ATTACKED", 100)
    assert abs(models.detection_auc(real, made, SIZES) - all_rows) < 0.04
    assert abs(models.detection_auc(real, real, SIZES) - 0.5) < 0.06
    assert models.membership_auc(real, others, real, SIZES) > 0.99


def test_a_class_with_one_row_in_a_large_table():
    """Trees that stop early split the rows by class, and one row has no halves."""
    train, test = rows(10_001), rows(100, 1)
    train["d"][train["d"] == 1] = 0
    train["d"][:5000], train["c"][0] = 1, 3
    train["d"][0] = 2
    test["d"][0] = 2
    found = models.prediction_scores(train, test, SIZES | {"c": 4, "d": 3}, "d")
    assert found.shape == (100, 3) and not found[:, 2].any()


def test_training_on_made_rows():
    """The target follows from x: real rows predict it, independent columns do not."""

    def table(n, seed):
        made = rows(n, seed)
        return made | {"t": (made["x"] > 0).astype(int)}

    sizes = SIZES | {"t": 2}
    train, test = table(600, 0), table(400, 1)
    how = sizes, "t"
    found = models.prediction_scores(train, test, *how)
    assert found.shape == (400, 2)
    assert models.prediction_auc(found, test, "t") > 0.99
    chance = independent_columns(train, 600, 0)
    found = models.prediction_scores(chance, test, *how)
    assert abs(models.prediction_auc(found, test, "t") - 0.5) < 0.15
    one = {name: np.where(x == x, 0, x) for name, x in train.items()}
    found = models.prediction_scores(one, test, *how)
    assert models.prediction_auc(found, test, "t") == 0.5
    above = models.prediction_scores(train, test, sizes, "y", 1.0)
    assert models.prediction_auc(above, test, "y", 1.0) > 0.7


def test_a_copula_keeps_marginals_and_dependence():
    train = rows(4000)
    made = gaussian_copula(train, SIZES, 4000, seed=0)
    chance = independent_columns(train, 4000, seed=0)
    for name, size in SIZES.items():
        for table in (made, chance):
            assert column_similarity(train[name], table[name], size) > 0.95
    real = correlation(train["x"], train["y"])
    assert abs(correlation(made["x"], made["y"]) - real) < 0.05
    assert abs(correlation(chance["x"], chance["y"])) < 0.1
    train["x"] = np.where(np.random.default_rng(5).random(4000) < 0.1, NAN, train["x"])
    made = gaussian_copula(train, SIZES, 4000, seed=0)
    assert abs(np.isnan(made["x"]).mean() - 0.1) < 0.03


def test_imputation_by_hand():
    """Means of known training values: 2 and 0 (none known)."""
    train = np.array([[1.0, NAN], [3.0, NAN]])
    data = np.array([[NAN, 5.0], [1.0, NAN]])
    filled = mean_imputation(train, data)
    np.testing.assert_array_equal(filled, [[2, 5], [1, 0]])
    hidden = np.array([[1.0, NAN], [NAN, 2.0]])
    assert rmse(filled, hidden) == pytest.approx(np.sqrt((1 + 4) / 2))
