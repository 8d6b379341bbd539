import json

import numpy as np
import pytest

from ganjax.report import read_sweep
from ganjax.report.sweep import as_text, render
from ganjax.report.sweep_table import shown_axes
from ganjax.sweep_files import FORMAT


def _sweep(folder, points):
    trials = [
        {"id": str(i), "point": point, "kind": 0} for i, point in enumerate(points)
    ]
    held = {"format": FORMAT, "kinds": [{"steps": 1}], "trials": trials}
    (folder / "sweep.json").write_text(json.dumps(held))
    return read_sweep(folder)


def test_seeds_are_no_setting(tmp_path):
    """Two rates, each with two seeds that also select the data, are two cells."""
    points = [
        {"optimizers.generator.learning_rate": rate, "seed": seed, "data.subset": seed}
        for rate in ("0.1", "0.2")
        for seed in ("0", "1")
    ]
    records = _sweep(tmp_path, points)
    assert {cell: [t.id for t in trials] for cell, trials in records.cells.items()} == {
        (("optimizers.generator.learning_rate", "0.1"),): ["0", "1"],
        (("optimizers.generator.learning_rate", "0.2"),): ["2", "3"],
    }
    assert list(records.axes) == ["optimizers.generator.learning_rate"]


def test_the_order_of_a_points_fields_is_no_difference(tmp_path):
    points = [{"x": "1", "y": "2", "seed": "0"}, {"y": "2", "seed": "1", "x": "1"}]
    records = _sweep(tmp_path, [*points, {"x": "3", "y": "2"}])
    assert [len(trials) for trials in records.cells.values()] == [2, 1]
    assert records.telling == ["x"]


def test_settings_are_named_by_what_tells_them_apart(tmp_path):
    """Names omit fields that follow from other fields.

    Each loss has its own rate and penalty, so the loss is a sufficient name. In a grid
    no axis follows from the others. A field that one setting does not set counts too.
    """
    paired = [
        {"penalty": "0", "loss": "a", "optimizers.rate": "1"},
        {"penalty": "0", "loss": "b", "optimizers.rate": "2"},
        {"penalty": "9", "loss": "c", "optimizers.rate": "3"},
    ]
    records = _sweep(tmp_path, paired)
    assert records.telling == ["loss"]
    text = as_text(records).splitlines()
    assert [line.split()[0] for line in text[1:4]] == ["loss=a", "loss=b", "loss=c"]
    assert text[4] == "these fields follow from the others: penalty, optimizers.rate"
    twice = [{**paired[0], "penalty": "9", "optimizers.rate": "4"}, *paired]
    assert _sweep(tmp_path, twice).telling == ["penalty", "loss"]
    grid = [{"x": x, "y": y} for x in "12" for y in "12"]
    assert _sweep(tmp_path, grid).telling == ["x", "y"]
    ragged = _sweep(tmp_path, [{}, {"x": "1"}])
    assert (ragged.telling, ragged.axes) == (["x"], {"x": ["", "1"]})


@pytest.mark.parametrize(
    "states, expected",
    [
        (["finished", "finished"], "finished"),
        (["finished", "interrupted"], "interrupted"),
        (["finished", "waiting"], "running"),
        (["running", "failed"], "running"),
        (["finished", "failed"], "failed"),
    ],
)
def test_the_badge_of_a_sweep_that_has_ended_is_not_running(tmp_path, states, expected):
    """A sweep that was stopped has interrupted trials, and none that runs."""
    outcomes = {str(i): {"state": state} for i, state in enumerate(states)}
    (tmp_path / "outcomes.json").write_text(json.dumps(outcomes))
    page = render(_sweep(tmp_path, [{"x": str(i)} for i in range(len(states))]))
    assert f'<span class="state {expected}">{expected}</span>' in page


def test_a_random_search_shows_every_field_that_is_drawn(tmp_path):
    """Each weight occurs once, so it is a sufficient name. It explains no other field.
    The second rate is always twice the first one. In pairs of a loss and its rate, the
    loss explains the rate."""
    random = np.random.default_rng(0)
    points = [
        {
            "rates.a": str(rate),
            "rates.b": str(2 * rate),
            "weight": str(weight),
            "loss": "hinge" if weight > 0.5 else "minimax",
            "name": "h" if weight > 0.5 else "m",
        }
        for rate, weight in random.random((20, 2))
    ]
    records = _sweep(tmp_path, points)
    assert len(records.telling) == 1
    assert shown_axes(records) == ["rates.a", "weight", "loss"]
    paired = [{"loss": x, "rate": str(i)} for i, x in enumerate("abc")]
    assert shown_axes(_sweep(tmp_path, paired)) == ["loss"]
    grid = [{"x": x, "y": y} for x in "12" for y in "12"]
    assert shown_axes(_sweep(tmp_path, grid)) == ["x", "y"]
