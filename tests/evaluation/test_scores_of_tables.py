"""Scores of tables prefer a good game, and their baselines have the expected order."""

import csv

import numpy as np
import pytest

from ganjax.data import open_source
from ganjax.errors import Uncomputable
from ganjax.evaluation import EVALUATORS, EvaluationData
from ganjax.evaluation.imputation import Imputation, masked
from ganjax.evaluation.scores import direction_of
from ganjax.evaluation.tables import Tables, named
from ganjax.model import Sampler

N = 600


class Rows:
    """A model whose samples are given rows."""

    def __init__(self, rows):
        self.rows = rows

    def sample(self, key, n):
        return self.rows[np.arange(n) % len(self.rows)]

    def ask(self, ability, x):
        return self.rows


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The target follows from x, and the group is a fair coin."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=1000).round(3)
    y = (x + rng.normal(0, 0.5, 1000)).round(3)
    group = rng.choice(["a", "b"], 1000)
    path = tmp_path_factory.mktemp("table") / "t.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["x", "y", "group", "bought"])
        bought = np.where(x > 0, "yes", "no")
        writer.writerows(zip(x, y, group, bought, strict=True))
    return open_source("table", str(path), target="bought", groups=("group",))


def scores(source, rows):
    data = EvaluationData(Sampler(), source, samples=N, seed=0)
    return dict(Tables(data).run(Rows(rows)))


@pytest.fixture(scope="module")
def found(source):
    form, values = source.spec.table, source.train.values
    real = form.dense(*form.encode(values))
    rng = np.random.default_rng(1)
    mixed = {name: rng.permutation(x) for name, x in values.items()}
    return {
        "good": scores(source, real),
        "mixed": scores(source, form.dense(*form.encode(mixed))),
        "constant": scores(source, real[:1]),
    }


def test_directions(found):
    """A copy of the training rows is better than rows whose columns are permuted.
    Neither columns nor a linear model find these, but they find a constant row. Only
    the attack prefers others to copies."""
    seen = set()
    for name, value in found["good"].items():
        direction = direction_of(name, EVALUATORS.values())
        plain = "columns" in name or "detection" in name
        worse = found["constant" if plain else "mixed"][name]
        if direction is None:
            continue
        stem = name.removesuffix(f"_{N}")
        seen.add(stem)
        if stem == "tables_membership":
            assert value > worse and direction == "lower"
        else:
            assert direction == ("higher" if value > worse else "lower"), name
    assert seen >= {"tables_columns", "tables_pairs", "tables_auc", "tables_way",
                    "tables_detection", "tables_membership"}  # fmt: skip


def test_values_of_copies(found):
    good = found["good"]
    assert good[f"tables_way_{N}"] > 0.9
    assert good[f"tables_auc_{N}"] > 0.95
    assert good[f"tables_auc_independent_{N}"] < 0.7
    assert good[f"tables_auc_copula_{N}"] > good[f"tables_auc_independent_{N}"]
    assert abs(good[f"tables_detection_{N}"] - 0.5) < 0.08
    assert abs(good[f"tables_share_group_a_{N}"] - 0.5) < 0.1
    assert good[f"tables_auc_group_a_{N}"] > 0.95
    assert f"tables_share_bought_yes_{N}" in good
    assert found["mixed"][f"tables_way_{N}"] < 0.5


def test_what_no_table_has():
    data = EvaluationData(Sampler(), open_source("ring8"), samples=N, seed=0)
    with pytest.raises(Uncomputable, match="expected a table"):
        Tables(data)


def test_a_table_of_two_rows_has_no_scores(tmp_path):
    (tmp_path / "t.csv").write_text("x,y\n1,2\n3,4\n")
    source = open_source("table", str(tmp_path / "t.csv"))
    data = EvaluationData(Sampler(), source, samples=N, seed=0)
    with pytest.raises(Uncomputable, match="1 rows, expected at least 3"):
        Tables(data)


def test_values_that_differ_in_signs_have_their_own_scores():
    """The incomes of the table adult."""
    assert named("income", ["<=50K", ">50K"]) == ["income__50K_0", "income__50K_1"]
    assert named("y", ["-1", "1", "a b"]) == ["y__1", "y_1", "y_a_b"]


def test_imputation_compares_with_the_mean_and_a_regression():
    source = open_source("table_iris", encoding="range", hide=0.2)
    sampler = Sampler(abilities={"impute": None})
    data = EvaluationData(sampler, source, samples=N, seed=0)
    rows = masked(source.train)
    truth = np.where(np.isnan(rows), source.train.hidden, rows)
    evaluator = Imputation(data)

    class Model(Rows):
        def ask(self, ability, x):
            split = source.train if len(x) == len(truth) else source.test
            return np.nan_to_num(split.hidden, nan=0.5) + 0.1

    found = dict(evaluator.run(Model(truth)))
    assert found["imputation_rmse"] == pytest.approx(0.1, rel=1e-4)
    assert found["imputation_test_rmse"] == pytest.approx(0.1, rel=1e-4)
    assert found["imputation_rmse_iterative"] < found["imputation_rmse_mean"]
    for name in found:
        direction = direction_of(name, EVALUATORS.values())
        assert direction == (None if name.endswith(("mean", "iterative")) else "lower")


def test_imputation_needs_hidden_cells():
    source = open_source("table_iris", encoding="range")
    data = EvaluationData(
        Sampler(abilities={"impute": None}), source, samples=N, seed=0
    )
    with pytest.raises(Uncomputable, match="data.hide above 0"):
        Imputation(data)
