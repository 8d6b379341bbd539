"""The fault table: real cases of a slice, what counts as fallen, and continuation."""

import json

import pytest

from benchmarks.faults import table
from benchmarks.faults.place import Fell, Place
from benchmarks.faults.row import Row
from benchmarks.faults.rows import ROWS, chosen
from ganjax.errors import BadInput
from tests.commands import exit_code


def test_a_slice_of_the_table_holds(tmp_path, monkeypatch, capsys):
    """A wrong command and a wrong field."""
    asked = ["--rows=command,mistake", "--cases=1"]
    places = [f"--work={tmp_path / 'work'}", f"--out={tmp_path / 'docs'}"]
    code = exit_code(monkeypatch, "fault_table.py", *asked, *places)
    said = capsys.readouterr().out
    assert code == 0, said
    assert "2 cases end as they must, 0 do not" in said
    found = json.loads((tmp_path / "docs/faults.json").read_text())
    rows = {x["row"]: (x["cases"], x["planned"], x["held"]) for x in found["rows"]}
    assert rows == {"command": (1, 12, 1), "mistake": (1, 88, 1)}
    assert "| `command` |" in (tmp_path / "docs/faults.md").read_text()


def fake(ran, **changes):
    def case(place, folder, number, rng):
        ran.append(number)
        if number == 1:
            raise Fell(f"the checkpoint is lost ({table.ROOT}/tests/a.py)")
        if number == 2:
            raise ZeroDivisionError("a mistake in the case")
        return "as before"

    return Row(**{"name": "fake", "fault": "a fault", "must": "hold", "cases": 4,
                  "run": case, **changes})  # fmt: skip


def test_each_result_is_kept_and_not_repeated(tmp_path):
    ran, place, results = [], Place(tmp_path), tmp_path / "results.jsonl"
    row = fake(ran)

    def run(**more):
        found = table.run(
            [row], place, results, code="a", say=lambda line: None, **more
        )
        return table.summary([row], found)[0]

    first = run(cases=2)
    assert (first["cases"], first["held"]) == (2, 1)
    whole = run()
    assert ran == [0, 1, 2, 3] and (whole["cases"], whole["held"]) == (4, 2)
    assert [x["case"] for x in whole["fell"]] == [1, 2]
    assert whole["fell"][0]["said"] == "the checkpoint is lost (tests/a.py)"
    assert "ZeroDivisionError" in whole["fell"][1]["said"]
    page = table.text("a", [whole], {"cores": 2})
    assert "**2 of 4 cases end as they must**" in page
    assert "- `fake` 1: `the checkpoint is lost (tests/a.py)`" in page
    # Results of another revision do not count.
    table.run([row], place, results, code="b", cases=1, say=lambda line: None)
    assert ran == [0, 1, 2, 3, 0]
    # Unless it is named: its results count where this one has none.
    found = table.run([row], place, results, code="b", also=["c", "a"], say=str)
    assert ran == [0, 1, 2, 3, 0] and len(found) == 4
    page = table.text("b", table.summary([row], found), {"cores": 2})
    assert "Revision `a` ran cases of `fake`." in page
    # A row stays as it is in an older table that has more results.
    older = {**whole, "revisions": ["z"]}
    assert table.summary([row], found[:3], [older]) == [older]
    assert table.summary([row], found, [older])[0]["revisions"] == ["a", "b"]


def test_a_row_that_this_machine_cannot_run_is_listed(tmp_path):
    row = fake([], refused=lambda: "needs root")
    found = table.run([row], Place(tmp_path), tmp_path / "r", code="a")
    page = table.text("a", table.summary([row], found), {"cores": 2})
    assert "- `fake`: not run: needs root." in page and "not run" in page


def test_rows_have_names():
    assert len(chosen("")) == len(ROWS) - 1
    assert ROWS["clock_suite"] not in chosen("")
    assert chosen("bit, clock_suite") == [ROWS["bit"], ROWS["clock_suite"]]
    with pytest.raises(BadInput, match="--rows='kil': expected one of .*'kill'"):
        chosen("kil")
