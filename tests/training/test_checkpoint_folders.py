"""Checkpoints under odd names, beside other files, and checkpoints that are gone."""

import os
import shutil

import jax
import numpy as np
import pytest

from ganjax.config import resolve
from ganjax.errors import BadInput
from ganjax.launch import MemberRequest, RunRequest, SharedProgram, launch
from ganjax.population_files import PopulationFiles
from ganjax.run_files import RunFiles, write_json
from ganjax.training import Checkpoints, Plan, finished_steps
from ganjax.training.rewind import rewind
from tests import tiny

STATE = {"params": {"a": np.arange(6.0).reshape(2, 3), "b": np.float32(0.5)}}


def saved(folder, *steps, keep=3):
    with Checkpoints(folder, keep, print) as checkpoints:
        for step in steps:
            checkpoints.save(STATE, step)


def readable(folder):
    """Return the readable steps, and check the arrays of the newest of them."""
    with Checkpoints(folder) as checkpoints:
        steps = checkpoints.readable()
        held = checkpoints.arrays(steps[-1])
    np.testing.assert_array_equal(held["params"]["a"], STATE["params"]["a"])
    return steps


@pytest.mark.parametrize(
    "name",
    ["lr[1e-3]", "a*b", "what?", "[", "plain", "a\\b", "gs:", os.fsdecode(b"\xff")],
)
def test_a_checkpoint_is_whole_under_any_name(tmp_path, name):
    saved(tmp_path / name / "checkpoints", 5, 10)
    assert readable(tmp_path / name / "checkpoints") == [5, 10]


def test_a_checkpoint_moves_to_and_from_a_name_with_brackets(tmp_path):
    saved(tmp_path / "plain", 5)
    (tmp_path / "plain").rename(tmp_path / "[seed=1]")
    assert readable(tmp_path / "[seed=1]") == [5]
    saved(tmp_path / "[seed=1]", 10)
    (tmp_path / "[seed=1]").rename(tmp_path / "again")
    assert readable(tmp_path / "again") == [5, 10]


def test_a_link_that_a_cleaner_removed_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with Checkpoints(tmp_path / "[x]") as checkpoints:
        checkpoints.save(STATE, 5)
        checkpoints.finish()
        for link in (tmp_path / "temporary").iterdir():
            shutil.rmtree(link)
        checkpoints.save(STATE, 10)
    assert readable(tmp_path / "[x]") == [5, 10]


@pytest.mark.parametrize(
    ("steps", "damaged", "kept"),
    [
        ([100, 150], None, [100]),  # a signal wrote 150
        ([100, 200, 250], 200, [100, 200]),  # the damaged one stays for its owner
        ([50], None, []),  # back to the first state
        ([150], None, [150]),  # 100 is gone
        ([100, 150, 170], 100, [100, 150]),
    ],
)
def test_going_back_loses_no_checkpoint(tmp_path, steps, damaged, kept):
    told = []
    with Checkpoints(tmp_path, 9, print, told.append, every=100) as checkpoints:
        for step in steps:
            checkpoints.save(STATE, step)
        checkpoints.finish()
        if damaged:
            (tmp_path / str(damaged) / "state/_METADATA").write_text("x")
        told.clear()
        checkpoints.go_back()
        assert checkpoints.steps() == kept
        assert told == [max([x for x in kept if x != damaged], default=0)]


@pytest.mark.parametrize("before", [[], [4]])
def test_a_checkpoint_that_lacks_arrays_is_not_sealed(tmp_path, monkeypatch, before):
    """Orbax commits, and its folder holds no arrays."""
    checkpoints = Checkpoints(tmp_path / "c")
    wait = type(checkpoints._writer).wait_until_finished

    def losing(self):
        wait(self)
        for path in (tmp_path / "c/5/state").glob("*"):
            if path.is_dir():
                shutil.rmtree(path)
            elif "ocdbt" in path.name:
                path.unlink()

    monkeypatch.setattr(type(checkpoints._writer), "wait_until_finished", losing)
    with checkpoints:
        for step in [*before, 5]:
            checkpoints.save(STATE, step)
        with pytest.raises(OSError, match="absent"):
            checkpoints.finish()
    assert finished_steps(tmp_path / "c") == before


def test_other_files_beside_checkpoints_stay(tmp_path):
    folder = tmp_path / "checkpoints"
    saved(folder, 5)
    shutil.copytree(folder / "5", folder / "5.bak")
    shutil.copytree(folder / "5", folder / "007")
    for notes in ("2024-notes", "2024", "notes"):
        (folder / notes).mkdir()
        (folder / notes / "idea.txt").write_text("x")
    (folder / "99").write_text("a file")
    (folder / "5/mine.txt").write_text("x")
    for place in (folder, folder / "5", folder / "5/state", folder / "5/state/d"):
        (place / ".DS_Store").write_bytes(b"\0")
    left = {path for path in folder.rglob("*") if path.name in ("idea.txt", "99")}
    assert readable(folder) == [5]
    saved(folder, 10, 15, keep=1)
    assert readable(folder) == [15]
    assert all(path.exists() for path in left) and len(left) == 4
    assert (folder / "5/mine.txt").exists() and not (folder / "5/state").exists()
    assert (folder / "5.bak/manifest.json").exists()
    assert (folder / "007/manifest.json").exists()


def test_a_new_start_clears_the_best_states_alone(tmp_path):
    run = RunFiles(tmp_path)
    saved(run.best, 5)
    (run.best / "notes").mkdir()
    rewind(run, 0, Plan(), scored=False)
    assert [path.name for path in run.best.iterdir()] == ["notes"]


def test_a_file_that_is_not_in_the_manifest_is_damage(tmp_path):
    saved(tmp_path, 5, 10)
    (tmp_path / "10/state/added").write_bytes(b"x")
    assert readable(tmp_path) == [5]


def moved(folder):
    (folder / "checkpoints").rename(folder / "elsewhere")


def without_manifests(folder):
    for path in folder.glob("checkpoints/*/manifest.json"):
        path.unlink()


def all_but_the_records(folder):
    """The status is lost too. The rows show that the run has passed step 0."""
    shutil.rmtree(folder / "checkpoints")
    (folder / "status.json").unlink()


GONE = [moved, without_manifests, all_but_the_records]


def begun(files):
    """Write the records of a run, or of a population, that has reached step 4."""
    write_json(files.status, {"state": "interrupted", "step": 4})
    files.metrics.write_text('{"step": 2, "loss": 1.0}\n{"step": 4, "loss": 1.0}\n')
    saved(files.checkpoints, 2, 4)
    return files.path


def a_run(path):
    config = resolve({**tiny.GAMES["gan"], "steps": 6})
    RunFiles(path).describe(config.to_dict())
    return begun(RunFiles(path)), lambda: launch(RunRequest(config, path))


def a_population(path):
    config = resolve({**tiny.GAMES["gan"], "steps": 6})
    files, values = PopulationFiles(path), {"a": {}, "b": {"seed": 1}}
    said = {"command": "", "overrides": {}}
    members = {name: {"values": own, **said} for name, own in values.items()}
    files.describe(config.to_dict(), members, folder="", code={"sources": {}})
    program = SharedProgram(config, "map", jax.local_devices()[:1])
    asked = [MemberRequest(name, own) for name, own in values.items()]
    return begun(files), lambda: program.run(asked, path)


@pytest.mark.parametrize("lose", [moved, without_manifests, all_but_the_records])
@pytest.mark.parametrize("make", [a_run, a_population])
def test_a_run_whose_checkpoints_are_gone_is_refused(tmp_path, make, lose):
    folder, train = make(tmp_path / "x")
    lose(folder)
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    said = "expected a checkpoint of this run, which reached step 4, but there is none"
    with pytest.raises(BadInput, match=said):
        train()
    after = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert after == {**before, folder / ".lock": b""}
