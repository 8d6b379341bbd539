"""The sweep command: its runs, its reports, and that a member equals its own run."""

import csv
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ganjax.errors import BadInput
from ganjax.run_files import RunFiles
from ganjax.sweep_files import Group, is_over
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.sweep import Sweep
from ganjax.sweeps.worker import run_groups
from tests import configs, tiny
from tests.flags import last_of_each

ROOT = Path(__file__).parents[2]
# Fast compilation, without the flags that let two programs round sums differently.
FLAGS = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
FIELDS = (
    "--config.steps=40", "--config.log.every=10", "--config.checkpoint.every=20",
    "--config.samples.every=0", "--config.evaluation.names=modes",
    "--config.evaluation.every=20", "--config.evaluation.samples=100",
)  # fmt: skip


def command(workdir, game="gan", *more):
    return [
        sys.executable, "scripts/sweep.py", f"--config=tests/configs.py:{game}",
        *last_of_each(f"--workdir={workdir}", "--population=map", *FIELDS, *more),
    ]  # fmt: skip


def environment(**more):
    return {**os.environ, "XLA_FLAGS": FLAGS, **more}


def run(arguments, **env):
    return subprocess.run(
        arguments, cwd=ROOT, env=environment(**env), capture_output=True, text=True,
        timeout=600,
    )  # fmt: skip


def status(folder, trial):
    return SweepFolder(folder).statuses()[trial]


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """Five trials in three programs, two programs at a time. One trial diverges. The
    environment names two GPUs, but JAX finds none and uses the CPU."""
    folder = tmp_path_factory.mktemp("sweep")
    done = run(command(folder), CUDA_VISIBLE_DEVICES="7,9", JAX_PLATFORMS="")
    return folder, done


@pytest.mark.full
def test_a_diverged_trial_is_marked_and_the_others_finish(swept):
    folder, done = swept
    assert done.returncode == 1, done.stdout + done.stderr
    assert "group000: 3 trials by map" in done.stdout
    with (folder / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["state"] for row in rows] == [
        "finished", "finished", "failed", "finished", "finished",
    ]  # fmt: skip
    assert " is nan" in rows[2]["reason"] or " is inf" in rows[2]["reason"]
    assert status(folder, rows[2]["trial"])["diverged"]
    assert float(rows[0]["modes"]) >= 0 and rows[2]["modes"] == ""
    page = (folder / "report.html").read_text()
    assert rows[2]["reason"] in page and "<b>1</b> failed" in page


@pytest.mark.full
def test_trials_of_other_structure_overlap_each_on_its_device(swept):
    folder, _ = swept
    groups = SweepFolder(folder).groups
    assert [len(g.trials) for g in groups] == [3, 1, 1]
    spans, devices = [], []
    for group in groups:
        workdir = folder_of(folder, group)
        lines = (workdir / "train.log").read_text().splitlines()
        spans.append((lines[0].split()[0], lines[-1].split()[0]))
        reported = json.loads((workdir / "environment.json").read_text())
        devices.append(reported["cuda_visible_devices"])
    assert spans[1][0] <= spans[0][1] and spans[0][0] <= spans[1][1]
    assert set(devices) == {"7", "9"} and devices[0] != devices[1]


@pytest.mark.full
def test_a_member_leaves_what_its_run_alone_leaves(swept, tmp_path):
    folder, _ = swept
    listed = run(command(tmp_path, "gan", "--print_commands"))
    line = shlex.split(listed.stdout.splitlines()[1])
    alone = run([sys.executable, "-m", *line])
    assert alone.returncode == 0, alone.stderr
    (trial,) = (path.name for path in (tmp_path / "trials").iterdir())
    solo = tmp_path / "trials" / trial
    unpacked = run(
        [sys.executable, "-m", "ganjax", "sweep", f"--workdir={folder}"]
        + [f"--unpack={trial}"]
    )
    member = Path(unpacked.stdout.strip())
    assert member == folder / "trials" / trial
    for name in ("metrics.jsonl", "config.json", "evaluation/00000040.json"):
        assert (member / name).read_text() == (solo / name).read_text()
    for name in ("samples/step_00000040.png", "samples/real.png"):
        assert (member / name).read_bytes() == (solo / name).read_bytes()
    digests = [RunFiles(x).read_status()["state_digest"] for x in (member, solo)]
    assert digests[0] == digests[1]


@pytest.mark.full
def test_what_is_over_is_left_alone(swept):
    folder, _ = swept
    before = times(folder)
    again = run(command(folder))
    assert again.returncode == 1 and "trials by" not in again.stdout
    assert before == times(folder)


def times(folder):
    return {
        path: path.stat().st_mtime_ns
        for name in ("trials", "groups")
        for path in (folder / name).rglob("*")
        if path.is_file()
    }


def of(space=None, **stated):
    config = {"batch_size": 8, **tiny.GAMES["gan"], **stated}
    return Sweep(config, configs.SPACES["gan"] if space is None else space, say=str)


def test_a_folder_takes_more_of_its_sweep_and_no_other(tmp_path):
    space = configs.SPACES["gan"]

    def register(sweep):
        folder = SweepFolder(tmp_path)
        folder.register(sweep.base, sweep.trials, sweep.commands(tmp_path))
        return folder

    small = register(of(space[:2]))
    assert len(small.points) == 2
    assert len(register(of(space)).points) == 5
    with pytest.raises(
        BadInput, match="folder's trial .loss.name=hinge, seed=0. is not in"
    ):
        register(of(space[1:]))
    with pytest.raises(BadInput, match="the config differs in batch_size: 8 -> 16"):
        register(of(batch_size=16))
    held = json.loads((tmp_path / "sweep.json").read_text())
    (tmp_path / "sweep.json").write_text(json.dumps(held | {"format": 1}))
    with pytest.raises(BadInput, match="expected a sweep of format 3, found format 1"):
        register(of(space))


def test_a_kind_that_cannot_be_built_is_found_before_any_starts():
    space = [{"seed": 0}, {"networks.generator.name": "r3gan"}]
    with pytest.raises(BadInput, match="trial 1 .*r3gan.*expected images with sides"):
        of(space)


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("--population=vmpa", "did you mean 'vmap'"),
        ("--executor=slrm", "did you mean 'slurm'"),
        ("--slots=-1", "at least 0"),
        ("--config.loss.nme=hinge", "did you mean 'loss.name'"),
    ],
)
def test_bad_input_is_one_line(tmp_path, flag, said, monkeypatch):
    from ganjax.commands import sweep as script

    monkeypatch.chdir(ROOT)
    with pytest.raises(BadInput, match=said):
        script.main(command(tmp_path / "new", "gan", flag)[2:])
    assert not (tmp_path / "new").exists()


def test_a_sweep_in_this_process(tmp_path):
    """Each of two seeds writes a run that records the command to run it alone. The
    table lists both."""
    space = [{"seed": 0}, {"seed": 1}]
    sweep = of(space, steps=4, samples={"every": 0, "count": 4}, log={"every": 2})
    assert sweep.run(tmp_path, executor="debug", population="alone") == 0
    folder = SweepFolder(tmp_path)
    assert len(folder.points) == 2
    for trial in folder.points:
        assert status(tmp_path, trial)["state"] == "finished"
        ran = json.loads((folder.workdir(trial) / "run.json").read_text())["command"]
        assert ran.startswith("ganjax train") and trial in ran
    with (tmp_path / "table.csv").open() as file:
        assert [row["state"] for row in csv.DictReader(file)] == ["finished"] * 2
    page = (tmp_path / "report.html").read_text()
    assert all(trial in page for trial in folder.points)


def test_a_sweep_is_extended_in_steps_and_a_trial_does_not_change(tmp_path):
    space = [{"seed": 0}, {"seed": 1}]
    short = {"samples": {"every": 0, "count": 4}, "log": {"every": 2}}
    sweeps = {steps: of(space, steps=steps, **short) for steps in (2, 4, 6)}
    folder = SweepFolder(tmp_path)
    for steps in (4, 6):
        sweep = sweeps[steps]
        folder.register(sweep.base, sweep.trials, sweep.commands(tmp_path))
        # A trial that finished at step 4 is not over if the sweep has 6 steps.
        assert {s["state"] for s in folder.statuses().values()} == {"waiting"}
        assert run_groups(folder, [Group("all", tuple(folder.points), "alone")]) == 0
        assert all(map(is_over, folder.statuses().values()))
        assert {s["step"] for s in folder.statuses().values()} == {steps}
    for allowed in (False, True):  # a trial never gets fewer steps
        less = sweeps[2].base, sweeps[2].trials, sweep.commands(tmp_path), allowed
        with pytest.raises(BadInput, match="seed=0.* keep its config, .*: 6 -> 2$"):
            folder.register(*less)

    # A trial may lack a field that is newer. It may not have another default.
    kept = tmp_path / "sweep.json"
    held = json.loads(kept.read_text())
    config = held["kinds"][held["trials"][1]["kind"]]
    del config["sampling"]["truncation"]
    kept.write_text(json.dumps(held))
    folder.register(sweep.base, sweep.trials, sweep.commands(tmp_path))
    config["checkpoint"]["keep"] = 5
    kept.write_text(json.dumps(held))
    said = f"{sweep.trials[0].id} .seed=0. .* in checkpoint.keep: 5 -> 3; --allow_conf"
    with pytest.raises(BadInput, match=said):
        folder.register(sweep.base, sweep.trials, sweep.commands(tmp_path))
    folder.register(sweep.base, sweep.trials, sweep.commands(tmp_path), True)


def test_two_runners_and_other_folders_are_refused(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(BadInput, match="found notes.txt and no sweep.json"):
        with SweepFolder(tmp_path / "mine").hold():
            pass
    first, second = (SweepFolder(tmp_path / "sweep") for _ in range(2))
    with first.hold(), pytest.raises(BadInput, match="another process runs this sweep"):
        with second.hold():
            pass
    with pytest.raises(KeyError), first.hold():  # an error releases the folder
        raise KeyError
    with second.hold():
        pass


def folder_of(sweep, group):
    """Return the folder with the records of a group."""
    alone = sweep / "trials" / group.trials[0]
    return alone if group.alone else sweep / "groups" / group.name
