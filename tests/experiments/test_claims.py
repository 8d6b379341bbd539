"""Claims and the verdicts about them."""

import json
import math

import pytest

from experiments import EXPERIMENTS, experiment, reproduction
from experiments.claims import (
    Claim,
    at_least,
    at_most,
    between,
    exactly,
    holds,
    near,
    verdict,
)


def measured(name):
    return lambda results: results[name]


@pytest.mark.parametrize(
    "bound, held, failed",
    [
        (near(200, relative=0.01), (198, 200, 202), (197.9, 202.1)),
        (near(-2, relative=0.1, absolute=0.5), (-2.5, -1.5), (-2.6, -1.4)),
        (at_least(3), (3, 4), (2.9,)),
        (at_most(3), (3, 2), (3.1,)),
        (between(1, 2), (1, 2), (0.9, 2.1)),
        (exactly(25), (25,), (24,)),
    ],
)
def test_bounds(bound, held, failed):
    assert all(map(bound.holds, held)) and not any(map(bound.holds, failed))


def test_only_claims_of_the_scale_are_judged():
    claims = [
        Claim("both", measured("a"), at_least(1)),
        Claim("ours", measured("a"), at_least(3), scale="quick"),
        Claim("theirs", measured("absent"), at_least(1), published=7, scale="paper"),
    ]
    rows = verdict(claims, {"a": 2.0}, "quick")
    assert [row["passed"] for row in rows] == [True, False, "not run"]
    assert [row["measured"] for row in rows] == [2.0, 2.0, None]
    assert rows[2]["published"] == 7
    assert holds(rows[::2]) and not holds(rows)


@pytest.mark.parametrize("value", [math.nan, math.inf, [1.0, math.nan], []])
def test_what_is_not_finite_or_not_there_holds_nothing(value):
    (row,) = verdict([Claim("", measured("a"), at_least(0))], {"a": value}, "paper")
    assert row["passed"] is False


def test_every_value_of_a_list_must_hold():
    claim = Claim("", measured("a"), at_least(2))
    assert claim.judged({"a": [2, 3]}, "paper")["passed"]
    assert not claim.judged({"a": [2, 1]}, "paper")["passed"]


def test_a_verdict_is_compared_with_the_one_before():
    rows = [{"claim": "a", "passed": True}, {"claim": "b", "passed": "not run"}]
    assert reproduction.changed(rows, rows) == []
    before = [{"claim": "a", "passed": False}, {"claim": "c", "passed": True}]
    assert reproduction.changed(rows, before) == [
        "a: FAILS before, holds now",
        "c: holds before, absent now",
        "b: absent before, not run now",
    ]
    assert reproduction.changed(rows, None) == ["there is no committed verdict"]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiments_are_whole(name):
    """The claims of an experiment have different texts, and its README has the command.
    Committed verdicts equal the verdicts of the current claims."""
    module = experiment(name)
    said = [claim.says for claim in module.CLAIMS]
    assert len(set(said)) == len(said) and module.__doc__
    assert callable(module.run) and callable(module.figure)
    folder = reproduction.HERE / name
    readme = (folder / "README.md").read_text()
    assert f"ganjax reproduce {name}" in readme
    for path in folder.glob(f"*/{reproduction.RESULTS}"):
        record = json.loads(path.read_text())
        assert record["scale"] == path.parent.name
        rows = verdict(module.CLAIMS, record["results"], record["scale"])
        kept = json.loads(path.with_name(reproduction.VERDICT).read_text())
        assert alike(json.loads(json.dumps(rows)), kept)


def alike(a, b):
    """Whether two verdicts are equal. Floats may differ slightly, because the last
    digits of logarithms and of a least-squares fit depend on the processor. Texts,
    counts and results of claims are compared exactly."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(alike(a[name], b[name]) for name in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    return type(a) is type(b) and a == b


def test_verdicts_are_alike_up_to_their_last_digits():
    row = {"claim": "a", "measured": [0.24185802493278488, 25], "passed": True}
    assert alike([row], [row | {"measured": [0.24185802493278494, 25]}])
    for change in (
        {"measured": [0.2418581, 25]},
        {"measured": [0.24185802493278488, 26]},
        {"measured": [0.24185802493278488]},
        {"passed": False},
        {"passed": 1},
        {"claim": "b"},
        {"more": None},
    ):
        assert not alike([row], [row | change])
