"""Files of runs, populations and sweeps with any content: the good rows are read, or
one line names the file. The facts about torn and damaged lines hold for any line."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganjax.data import read_record
from ganjax.errors import BadInput
from ganjax.json_shapes import misfit
from ganjax.launch import scores
from ganjax.population_files import PopulationFiles, PopulationRecords
from ganjax.report import compare, read_sweep
from ganjax.report.records import read_records
from ganjax.report.sweep import as_text
from ganjax.run_files import RunFiles, read_rows, unreadable_lines
from ganjax.sweep_files import SweepFiles
from ganjax.training.history import add_start, read_history, whole_carrier
from ganjax.unpacking import opened
from tests.anything import bad_bytes, changed, examples, values

PROTOCOL = {"step": 2, "fake": 9, "real": 9, "data": "ring", "reference": "test"}
CONFIG = {"seed": 0, "steps": 2, "latents": {"size": 2}}
STATUS = {"state": "finished", "step": 2, "checkpoint": 2, "exit_reason": ""}
FAILED = [{"step": 2, "evaluator": "modes", "reason": "x"}]
MEMBER = {"values": {"latents.size": 3}, "command": "ganjax", "overrides": {"a": "1"}}
SCORED = {"scores": {"modes": 1.5, "sliced": 0}, "protocol": {"step": 2}}
TRIALS = [
    {"id": x, "point": {"latents.size": "3", "seed": str(i)}, "kind": 0,
     "values": {"seed": i}, "command": "ganjax"}
    for i, x in enumerate("abc")
]  # fmt: skip
# A sweep of two trials that train together, and one that trains alone. Each file has
# the content that ganjax writes, without entries that no reader uses.
FILES = {
    "sweep.json": {"format": 3, "ganjax": "0.1.0", "base": CONFIG, "kinds": [CONFIG],
                   "folders": [], "folder": "/", "trials": TRIALS},
    "plan.json": {"groups": [
        {"name": "g", "trials": ["a", "b"], "population": "map", "devices": 1},
        {"name": "h", "trials": ["c"], "population": "alone"},
    ]},
    "outcomes.json": {"x": {"state": "failed", "exit_reason": "killed"}},
    "groups/g/members.json": {
        "format": 1, "ganjax": "0.1.0", "code": {"folders": [], "sources": {}},
        "folder": "/", "config": CONFIG, "members": {"a": MEMBER, "b": MEMBER},
    },
    "groups/g/status.json": {
        **STATUS, "members": {"b": {**STATUS, "failed_evaluations": FAILED}}
    },
    "groups/g/evaluation/00000002.json": {
        "directions": {"modes": "higher"}, "protocol": PROTOCOL,
        "members": {"a": SCORED, "b": {**SCORED, "failed": {"fid": "x"}}},
    },
    "trials/c/config.json": CONFIG,
    "trials/c/run.json": {"format": 2, "ganjax": "0.1.0", "command": "ganjax",
                          "overrides": {"a": "1"}, "folder": "/",
                          "code": {"folders": ["/"], "sources": {
                              "m:x": {"file": "/m.py", "sha256": "0"}}}},
    "trials/c/status.json": {**STATUS, "failed_evaluations": FAILED},
    "trials/c/environment.json": {"versions": {"jax": "1"}, "device": "cpu"},
    "trials/c/evaluation/00000002.json": {
        **SCORED, "directions": {"modes": "higher"}, "failed": {"fid": "x"}
    },
    "trials/c/data.json": {
        "spec": {"name": "ring", "shape": [2], "classes": ["0", "1"],
                 "modes": [[0.0, 1.0], [1.0, 0.0]], "std": 0.1},
        "sizes": {"train": 9}, "about": {"shown": ["x"]},
    },
}  # fmt: skip
ROWS = {
    "groups/g/metrics.jsonl": [{"step": 1, "x": [1.0, None], "evaluation/y": [2, 3]},
                               {"step": 2, "x": [1.0, 0.5]}],
    "groups/g/history.jsonl": [
        {"step": 0, "config": CONFIG, "carrier": {"cores": 1},
         "members": {"a": {}, "b": {"latents.size": 3}}},
        {"step": 1, "carrier": {"cores": 2}},
    ],
    "trials/c/metrics.jsonl": [{"step": 1, "x": 1.0}, {"step": 2, "evaluation/y": 2.0}],
    "trials/c/timing.jsonl": [{"step": 1, "steps_per_second": 5.0}],
    "trials/c/history.jsonl": [{"step": 0, "carrier": {"cores": 1}}, {"step": 1}],
}  # fmt: skip


def written(folder):
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    for name, rows in ROWS.items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / name).write_text(text)


def readings(folder):
    """Return functions that read the files of a folder, each by another way."""
    sweep, run = SweepFiles(folder), RunFiles(folder / "trials/c")
    members = PopulationRecords(PopulationFiles(folder / "groups/g"))
    return [
        sweep.statuses,
        lambda: [sweep.points, sweep.owners],
        lambda: list(sweep.rows("abc")),
        lambda: as_text(read_sweep(folder)),
        lambda: [members.places, members.statuses],
        *(
            lambda x=x, f=f: f(x)
            for x in "ab"
            for f in (members.config, members.record, members.rows, members.scores,
                      members.failed_evaluations)
        ),
        run.read,
        run.rows,
        lambda: run.read_status().get("step", 0) + 1,
        lambda: [run.scored(2), run.failed_evaluations()],
        lambda: read_records(run.path).last_step,
        lambda: [scores(run.path), compare(run.path, run.path)],
        lambda: read_record(run.data),
        *(
            lambda path=path: whole_carrier([*read_history(path), {"step": 2}])
            for path in (run.history, folder / "groups/g/history.jsonl")
        ),
    ]  # fmt: skip


def tried(read):
    """Return whether a file is read. If not, its error is one line."""
    try:
        read()
    except BadInput as error:
        assert str(error).isprintable() and len(str(error)) < 600, str(error)
        return False
    return True


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    written(folder)
    assert all(map(tried, readings(folder)))
    assert SweepFiles(folder).statuses()["b"]["failed_evaluations"] == FAILED
    return folder


@pytest.mark.parametrize("name", [*FILES, *ROWS])
def test_any_content_is_read_or_refused_in_one_line(folder, name):
    path = folder / name
    before = path.read_bytes()

    @examples(8)
    @given(st.data())
    def holds(data):
        if name in FILES:
            document = changed(FILES[name]).map(lambda x: json.dumps(x).encode())
        else:
            document = changed(ROWS[name]).map(
                lambda rows: b"".join(json.dumps(row).encode() + b"\n" for row in rows)
            )
        cut = st.integers(0, len(before)).map(lambda end: before[:end])
        path.write_bytes(data.draw(st.one_of(document, document, cut, bad_bytes)))
        for read in readings(folder):
            tried(read)

    try:
        holds()
    finally:
        path.write_bytes(before)


rows = st.lists(
    st.builds(
        lambda step, rest: {**rest, "step": step},
        st.integers(0, 9),
        st.dictionaries(st.text(max_size=3), values, max_size=2),
    ),
    max_size=4,
)


@examples(50)
@given(rows, st.integers(0, 10**6))
def test_a_file_cut_anywhere_keeps_its_whole_lines(made, end):
    lines = [json.dumps(row).encode() + b"\n" for row in made]
    whole = b"".join(lines)
    cut = whole[: end % (len(whole) + 1)]
    # A line without its last byte, the line break, is whole too.
    ends = [len(b"".join(lines[: i + 1])) - 1 for i in range(len(lines))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "metrics.jsonl"
        path.write_bytes(cut)
        kept = [json.dumps(row) for row in read_rows(path)]
        assert kept == [json.dumps(x) for x in made[: sum(x <= len(cut) for x in ends)]]
        assert unreadable_lines(path) == 0
        # The next start of a run begins a new line.
        add_start(path, 7, {"x": 1})
        assert [json.dumps(x) for x in read_rows(path)[:-1]] == kept
        assert read_rows(path)[-1]["step"] == 7


@examples(50)
@given(rows, st.integers(0, 4), bad_bytes)
def test_a_damaged_line_costs_no_other(made, place, damage):
    lines = [json.dumps(row).encode() for row in made]
    damage = damage.replace(b"\n", b" ")
    lines.insert(min(place, len(lines)), damage)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "metrics.jsonl"
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        kept = [json.dumps(row) for row in read_rows(path)]
        assert kept == [json.dumps(row) for row in made]
        assert unreadable_lines(path) == bool(damage.strip())


def test_a_member_of_a_damaged_population_is_not_unpacked(folder):
    path = folder / "groups/g/members.json"
    before = path.read_bytes()
    path.write_text(json.dumps({**FILES["groups/g/members.json"], "members": {"a": 7}}))
    with pytest.raises(BadInput, match="members.a=7: expected an object$"):
        opened(folder / "trials/a")
    path.write_bytes(before)


@pytest.mark.parametrize(
    ("value", "shape", "says"),
    [
        ({"a": [1, True]}, {"a": [int]}, "a.1=True: expected a whole number"),
        ({"a": {"b": 1.5}}, {"a": {...: str}}, "a.b=1.5: expected a text"),
        ({"a": 1}, {"a": int, "b": int}, "expected an entry b"),
        ({"a": 1}, {"a": int, "b?": int}, ""),
        ({"b": None}, {"b?": dict}, "b=None: expected an object"),
        ([], {}, "found []: expected an object"),
        ({"a": {}}, {"a": [int]}, "a={}: expected a list"),
        ({"a": False}, {"a": bool}, ""),
    ],
)
def test_what_does_not_fit_a_shape_is_named(value, shape, says):
    assert misfit(value, shape) == says
