"""The records that a resumed run keeps, and the records that it removes."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from ganjax.evaluation.options import EvaluationOptions
from ganjax.run_files import RunFiles
from ganjax.training import Plan, PopulationArchive, RunArchive, RunDirectory
from ganjax.training.history import add_start
from ganjax.training.plan import Log, Samples
from ganjax.training.population_directory import PopulationDirectory
from ganjax.training.rewind import rewind
from ganjax.training.samples import save_picture

PLAN = Plan(
    steps=100,
    log=Log(every=5),
    samples=Samples(every=6),
    evaluation=EvaluationOptions(every=4),
)


@pytest.fixture
def records(tmp_path):
    """All kinds of records at steps 4, 5, 6, 12, 20 and 30, and half of a row."""
    steps = (4, 5, 6, 12, 20, 30)
    rows = [
        row
        for step in steps
        for row in ({"step": step, "g/loss": 1.0}, {"step": step, "evaluation/x": 2.0})
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows) + '{"step": 3'
    (tmp_path / "metrics.jsonl").write_text(text)
    timing = "".join(json.dumps({"step": step}) + "\n" for step in steps)
    (tmp_path / "timing.jsonl").write_text(timing)
    for folder in ("evaluation", "samples", "tensorboard"):
        (tmp_path / folder).mkdir()
    for step in steps:
        (tmp_path / f"evaluation/{step:08d}.json").write_text("{}")
        (tmp_path / f"samples/step_{step:08d}.png").write_bytes(b"")
    (tmp_path / "samples/real.png").write_bytes(b"")
    (tmp_path / "tensorboard/events").write_bytes(b"")
    return tmp_path


def left(folder):
    """Return the remaining steps of rows, times, scores, evaluations and pictures."""
    rows = [json.loads(x) for x in (folder / "metrics.jsonl").read_text().splitlines()]
    times = (folder / "timing.jsonl").read_text().splitlines()
    return (
        [row["step"] for row in rows if "g/loss" in row],
        [json.loads(x)["step"] for x in times],
        [row["step"] for row in rows if "evaluation/x" in row],
        sorted(int(p.stem) for p in folder.glob("evaluation/*.json")),
        sorted(int(p.stem[5:]) for p in folder.glob("samples/step_*.png")),
    )


@pytest.mark.parametrize(
    ("step", "logged", "evaluated", "pictured"),
    [
        (20, True, True, False),  # multiple of 5 and 4, not 6
        (12, False, True, True),
        (6, False, False, True),
        (5, True, False, False),
    ],
)
def test_a_last_step_off_the_schedule_goes(records, step, logged, evaluated, pictured):
    rewind(RunFiles(records), step, PLAN, scored=True)
    earlier = [x for x in (4, 5, 6, 12, 20) if x < step]
    assert left(records) == (
        earlier + [step] * logged,
        earlier + [step] * logged,
        earlier + [step] * evaluated,
        earlier + [step] * evaluated,
        earlier + [step] * pictured,
    )
    assert (records / "samples/real.png").exists()
    assert (records / "tensorboard/events").exists()


def test_the_end_of_the_plan_is_on_every_schedule(records):
    rewind(RunFiles(records), 6, dataclasses.replace(PLAN, steps=6), scored=True)
    assert left(records) == ([4, 5, 6],) * 5


def test_what_is_written_at_the_end_alone_goes_when_the_end_moves(records):
    plan = dataclasses.replace(
        PLAN, evaluation=EvaluationOptions(every=0), samples=Samples(every=0)
    )
    rewind(RunFiles(records), 12, plan, scored=True)
    assert left(records)[2:] == ([4, 5, 6],) * 3


def test_a_run_that_begins_anew_has_no_records(records):
    rewind(RunFiles(records), 0, PLAN, scored=False)
    assert left(records) == ([],) * 5
    assert not (records / "tensorboard").exists()


BAD = [b"half of a row", b"[1, 2]", b'{"loss": 1.0}', b'{"step": "x"}', b"\xff\xfe",
       b'{"step": true}', b'{"step": -1}']  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_line_costs_no_other_line(tmp_path, bad):
    """Only a last line that was cut goes, and the rows after the step."""
    run = RunFiles(tmp_path)
    good = [json.dumps({"step": step, "x": 0.1}).encode() for step in (5, 10, 15)]
    text = b"\n".join([good[0], bad, b"", *good[1:], b'{"step": 20, "x'])
    run.metrics.write_bytes(text)
    run.timing.write_text(rows_of(5, 10, 15))
    assert [row["step"] for row in run.rows()] == [5, 10, 15]
    said = rewind(run, 10, PLAN, scored=False)
    assert said == ["metrics.jsonl: 1 line could not be read; the file keeps it"]
    assert run.metrics.read_bytes() == b"\n".join([good[0], bad, good[1], b""])
    assert [row["step"] for row in run.rows()] == [5, 10]


def test_a_new_folder_is_left_empty(tmp_path):
    assert rewind(RunFiles(tmp_path), 0, PLAN, scored=False) == []
    rewind(RunFiles(tmp_path), 0, PLAN, scored=False)
    assert list(tmp_path.iterdir()) == []


def rows_of(*steps):
    return "".join(f'{{"step": {step}, "x": 0.1}}\n' for step in steps)


LOST = {
    "no row": ((), "the rows of step 5 and of 3 later are missing"),
    "the first": ((10, 15, 20), "the row of step 5 is missing"),
    "two": ((5, 15), "the rows of step 10 and of 1 later are missing"),
    "none": ((5, 10, 15, 20), ""),
    "a last one off the schedule": ((5, 7, 10, 15, 20, 23), ""),
}


@pytest.mark.parametrize(("steps", "said"), LOST.values(), ids=LOST)
def test_missing_rows_are_reported(tmp_path, steps, said):
    run = RunFiles(tmp_path)
    run.metrics.write_text(rows_of(*steps))
    run.timing.write_text(rows_of(5, 10, 15, 20))
    again = f"metrics.jsonl: {said}; ganjax does not write them again"
    assert rewind(run, 20, PLAN, scored=False) == ([again] if said else [])


@pytest.mark.parametrize("every", [10, 4, 0])
def test_an_interval_that_changed_loses_no_row(tmp_path, every):
    """Before step 10 rows were written every ``every`` steps; now every 5."""
    run = RunFiles(tmp_path)
    first = range(every, 11, every) if every else ()
    for path in (run.metrics, run.timing):
        path.write_text(rows_of(*first, 15, 20))
    for interval in (every, 5):
        add_start(run.history, 0, {"config": {"log": {"every": interval}}})
    assert rewind(run, 20, PLAN, scored=False) == []


@pytest.mark.parametrize("damage", ["cut", "emptied", "zeroed", "longer", "absent"])
@pytest.mark.parametrize("together", [False, True])
def test_a_damaged_picture_is_not_a_picture(tmp_path, together, damage):
    with archive_of(tmp_path / "run", together) as archive:
        path = archive.files.samples(4) if together else archive.run.picture(4)
        path.parent.mkdir(parents=True, exist_ok=True)
        if together:
            archive.samples(4, {0: np.zeros((2, 3)), 1: np.ones((2, 3))})
        else:
            save_picture(path, Image.new("RGB", (9, 9), "red"))
        assert archive.pictured(4)
        content = path.read_bytes()
        left = {"cut": content[:-20], "emptied": b"", "zeroed": bytes(len(content)),
                "longer": content + b"{\0"}  # fmt: skip
        path.unlink() if damage == "absent" else path.write_bytes(left[damage])
        assert archive.pictured(4) is (together and damage == "longer")


def archive_of(path, together):
    """Return the archive of a run, or of two."""
    if together:
        return PopulationArchive(PopulationDirectory(path), ["a", "b"], PLAN)
    return RunArchive(RunDirectory(path), PLAN)
