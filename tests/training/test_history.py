"""The history of a run: every start, and every carrier of its steps."""

import json

import pytest

from ganjax.training.history import (
    add_start,
    read_history,
    rollbacks_at,
    whole_carrier,
)

ONE, TWO = {"carrier": "jit", "devices": 1}, {"carrier": "pmap", "devices": 2}


def starts(*pairs):
    return [{"step": step, "carrier": carrier} for step, carrier in pairs]


@pytest.mark.parametrize(
    ("found", "segments"),
    [
        (starts((0, ONE)), None),
        (starts((0, ONE), (5, ONE), (10, ONE)), None),
        (starts((0, ONE), (5, TWO)), [(0, 5, 1), (5, None, 2)]),
        (starts((0, ONE), (5, TWO), (9, ONE)), [(0, 5, 1), (5, 9, 2), (9, None, 1)]),
        # Steps 5 to 9 with two devices were lost, and computed again with one.
        (starts((0, ONE), (5, TWO), (5, ONE)), None),
        (starts((0, ONE), (5, TWO), (3, TWO)), [(0, 3, 1), (3, None, 2)]),
        (starts((0, ONE), (0, TWO)), None),
        (starts((7, ONE)), [(0, 7, None), (7, None, 1)]),  # begun before histories
    ],
)
def test_a_carrier_names_every_segment(found, segments):
    carrier = whole_carrier(found)
    assert {k: carrier[k] for k in ("carrier", "devices")} == found[-1]["carrier"]
    listed = carrier.get("segments")
    assert segments == (
        listed and [(x["from"], x.get("until"), x.get("devices")) for x in listed]
    )


@pytest.mark.parametrize(
    ("found", "step", "rollbacks"),
    [
        ([], 0, 0),
        ([(0, 0)], 20, 0),
        ([(0, 0), (20, 1)], 20, 1),
        ([(0, 0), (20, 1)], 30, 1),
        # The checkpoint of step 20 is damaged: the rollback will be repeated.
        ([(0, 0), (20, 1)], 10, 0),
        ([(0, 0), (20, 1), (20, 2), (40, 2), (60, 3)], 50, 2),
        ([(0, 0), (20, 1), (10, 0)], 20, 0),
    ],
)
def test_the_rollbacks_behind_a_step(found, step, rollbacks):
    starts = [{"step": at, "rollbacks": count} for at, count in found]
    assert rollbacks_at(starts, step) == rollbacks


def test_a_line_is_added_with_the_facts_that_changed(tmp_path):
    path = tmp_path / "history.jsonl"
    facts = {"config": {"steps": 5, "widths": (16,)}, "data": {"sha256": "a"}}
    add_start(path, 0, facts)
    first = path.read_text()
    add_start(path, 2, facts)
    add_start(path, 4, facts | {"config": {"steps": 9}})
    assert path.read_text().startswith(first)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [sorted(x) for x in lines] == [
        ["config", "data", "step", "time"], ["step", "time"],
        ["config", "step", "time"],
    ]  # fmt: skip
    found = read_history(path)
    assert [x["config"]["steps"] for x in found] == [5, 5, 9]
    assert [x["data"]["sha256"] for x in found] == ["a"] * 3


def test_a_cut_line_stays_and_the_next_start_has_its_own(tmp_path):
    path = tmp_path / "history.jsonl"
    add_start(path, 0, {"config": {"steps": 1}})
    with path.open("a") as file:
        file.write('{"step": 3, "ti')
    add_start(path, 5, {"config": {"steps": 1}})
    assert [x["step"] for x in read_history(path)] == [0, 5]
    assert '{"step": 3, "ti\n' in path.read_text()
