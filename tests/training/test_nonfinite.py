"""A run whose numbers become nan: it halts, skips the step, or goes back. A bundle
reproduces the step."""

import dataclasses
import errno
import json
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax import BadInput, launch
from ganjax.commands import replay as replay_command
from ganjax.commands import train as train_command
from ganjax.config import resolve
from ganjax.core import child_key
from ganjax.replay import replay
from ganjax.run_files import RunFiles
from ganjax.training import bundle, read_history
from ganjax.training.recorder import Recorder
from tests import tiny
from tests.training.test_disturbances import Broken, raising
from tests.training.test_resume import ROOT, command, result, train

FULL = pytest.mark.full
OPTIONS = {
    "game": "gan", "steps": 12, "log__every": 4, "checkpoint__every": 4,
    "checkpoint__keep": 1, "samples__count": 4,
}  # fmt: skip
BAD_STEP = 7  # counted from 1


def poisoned(monkeypatch, always=False):
    """Put nan into the batch of one step: for each key, or only for the first key."""
    original = launch.build
    first = jax.random.key_data(child_key(jax.random.key(0), "data"))

    def build(config):
        setup = original(config)

        def batch(data, key, step, axis):
            mine = always | jnp.all(jax.random.key_data(key) == first)
            examples = setup.feed.batch(data, key, step, axis)
            bad = mine & (step == BAD_STEP - 1)
            points = examples["data"]
            return {**examples, "data": points.at[0, 0].set(
                jnp.where(bad, jnp.nan, points[0, 0]))}  # fmt: skip

        feed = dataclasses.replace(setup.feed, batch=batch)
        return dataclasses.replace(setup, feed=feed)

    monkeypatch.setattr(launch, "build", build)


def broken_at(monkeypatch, call, rescued):
    """Raise in a call of the compiled step. Without a rescue it is like a kill."""
    original = launch.compiled_step

    def step(*arguments):
        return raising(original(*arguments), call, Broken("x"))

    monkeypatch.setattr(launch, "compiled_step", step)
    if not rescued:
        monkeypatch.setattr(Recorder, "rescue", lambda *_: None)


def fails(run, capsys, **options):
    """Train to a failure. Return the lines on stderr."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert train_command.main(command(run, **{**OPTIONS, **options})[2:]) == 1
    return capsys.readouterr().err.splitlines()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return the folders of undisturbed runs, by way."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        poisoned(patch)
        for way in ("skip", "rollback"):
            train(folder / way, **OPTIONS, on_nonfinite=way)
    return folder


def test_a_run_goes_on_after_a_nan(whole):
    skip, rollback = (RunFiles(whole / x) for x in ("skip", "rollback"))
    assert skip.read_status()["skipped"] == 1
    assert [row["skipped"] for row in skip.rows()] == [0, 1, 1]
    assert rollback.read_status()["rollbacks"] == 1
    starts = read_history(rollback.history)
    assert [(x["step"], x["rollbacks"]) for x in starts] == [(0, 0), (4, 1)]
    assert starts[0]["config"]["on_nonfinite"] == "rollback"
    assert [row["step"] for row in rollback.rows()] == [4, 8, 12]
    for row in rollback.rows():
        assert np.isfinite(list(row.values())).all()
    for run in (skip, rollback):
        found = replay(run.path / "nonfinite" / str(BAD_STEP))
        assert (found.step, found.name) == (BAD_STEP, "batch.data")


# The steps of the calls of the compiled step, undisturbed: 1 to 8, then 5 to 7 in the
# search for the bundle, then 9 to 12, or after a rollback 5 to 12.
CALLS = {"before the nan": 7, "in the search": 10, "after it": 12, "later": 15}


@pytest.mark.parametrize(
    ("way", "call", "rescued"),
    [
        ("skip", 13, False),
        pytest.param("skip", CALLS["in the search"], True, marks=FULL),
        ("rollback", CALLS["before the nan"], True),
        *(
            pytest.param("rollback", call, rescued, marks=FULL)
            for call in CALLS.values()
            for rescued in (True, False)
        ),
    ],
)
def test_a_stopped_run_ends_with_the_same_bits(
    whole, tmp_path, monkeypatch, way, call, rescued
):
    """With one kept checkpoint and a rescue, the newest checkpoint is off the
    schedule. A rollback must not go to it."""
    poisoned(monkeypatch)
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        broken_at(patch, call, rescued)
        if call == CALLS["in the search"]:  # an error of the search ends no run
            train(run, **OPTIONS, on_nonfinite=way)
        else:
            with pytest.raises(Broken):
                train(run, **OPTIONS, on_nonfinite=way)
    assert train(run, **OPTIONS, on_nonfinite=way) == result(whole / way)


@FULL
def test_the_rollbacks_end(tmp_path, monkeypatch, capsys):
    poisoned(monkeypatch, always=True)
    run = tmp_path / "run"
    said = fails(run, capsys, on_nonfinite="rollback", max_rollbacks=2)
    assert said[-1].startswith("error: training diverged, step 8: ")
    status = RunFiles(run).read_status()
    assert (status["diverged"], status["rollbacks"]) == (True, 2)
    assert [x["rollbacks"] for x in read_history(run / "history.jsonl")] == [0, 1, 2]
    # Started again it diverges again, and goes back no more.
    assert fails(run, capsys, on_nonfinite="rollback", max_rollbacks=2)[-1] == said[-1]
    assert RunFiles(run).read_status()["rollbacks"] == 2


@pytest.fixture(scope="module")
def halted(tmp_path_factory):
    """Return the folder of a run that halted at step 8 because of step 7."""
    run = tmp_path_factory.mktemp("halted") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        poisoned(patch)
        assert train_command.main(command(run, **OPTIONS)[2:]) == 1
    return run


def test_a_bundle_reproduces_the_step(halted, tmp_path, capsys):
    """It needs neither the run nor the function that made the nan."""
    path = tmp_path / "bundle"
    shutil.copytree(halted / f"nonfinite/{BAD_STEP}", path)
    assert replay_command.main([str(path)]) == 0
    *run, last = capsys.readouterr().out.splitlines()
    assert "in the run: step 7: discriminator/loss is nan" in run
    assert last.startswith("step 7: batch.data is nan; ")
    arrays = path / "arrays.msgpack"
    data = bytearray(arrays.read_bytes())
    data[len(data) // 2] ^= 1
    arrays.write_bytes(data)
    with pytest.raises(
        BadInput, match="the bundle is damaged .arrays.msgpack does not"
    ):
        replay_command.main([str(path)])
    (path / "bundle.json").write_text("[")
    with pytest.raises(BadInput, match="expected a JSON object"):
        replay_command.main([str(path)])
    with pytest.raises(BadInput, match="expected RUN/nonfinite/STEP, a folder with"):
        replay_command.main([str(tmp_path)])


def test_a_halted_run_goes_on_by_a_skip(halted, tmp_path, monkeypatch):
    """Its checkpoint has no count of skipped steps yet."""
    run = shutil.copytree(halted, tmp_path / "run")
    poisoned(monkeypatch)
    monkeypatch.chdir(ROOT)
    line = command(run, **OPTIONS, on_nonfinite="skip")[2:]
    assert train_command.main([*line, "--allow_config_change"]) == 0
    assert RunFiles(run).read_status()["skipped"] == 1


@FULL
def test_a_full_disk_costs_only_the_bundle(tmp_path, monkeypatch, capsys):
    def full(path, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bundle, "write_whole", full)
    poisoned(monkeypatch)
    said = fails(tmp_path / "run", capsys)
    assert "no bundle: No space left on device" in said
    assert said[-1].startswith("error: training diverged, step 8: ")
    assert RunFiles(tmp_path / "run").read_status()["diverged"]
    assert list((tmp_path / "run/nonfinite").iterdir()) == []


def test_runs_that_train_together_do_not_go_back(tmp_path):
    config = resolve({**tiny.GAMES["gan"], "on_nonfinite": "rollback", "steps": 2})
    program = launch.SharedProgram(config, "map", jax.local_devices()[:1])
    members = [launch.MemberRequest(str(seed), {"seed": seed}) for seed in (0, 1)]
    with pytest.raises(BadInput, match="^on_nonfinite='rollback': expected 'halt' or"):
        program.run(members, tmp_path / "group")
    assert not (tmp_path / "group/status.json").exists()


def test_a_bundle_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def full(path, value):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bundle, "write_json", full)
    with pytest.raises(OSError, match="No space"):
        bundle.write_bundle(RunFiles(tmp_path), bundle.Bundle(1, {}, [{}], {}))
    assert list((tmp_path / "nonfinite").iterdir()) == []


def test_a_run_keeps_three_bundles(tmp_path):
    run = RunFiles(tmp_path)
    (tmp_path / "nonfinite/notes").mkdir(parents=True)
    for step in (9, 10, 2, 5, 5):
        bundle.write_bundle(run, bundle.Bundle(step - 1, {}, [{}], {"loss": [np.nan]}))
    found = {path.name for path in (tmp_path / "nonfinite").iterdir()}
    assert found == {"notes", "10", "2", "5"}
    held = bundle.read_bundle(tmp_path / "nonfinite/2")
    assert held.step == 1 and np.isnan(held.metrics["loss"][0])
    facts = json.loads((tmp_path / "nonfinite/2/bundle.json").read_text())
    assert facts["metrics"] == {"loss": ["nan"]}  # plain JSON has no nan
