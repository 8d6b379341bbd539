"""A run that is stopped, however, and goes on is the run that was not."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def command(workdir, game="relativistic", **overrides):
    fields = {"steps": 20, "log__every": 5, "checkpoint__every": 10, **overrides}
    return [
        sys.executable, "scripts/train.py", f"--config=tests/configs.py:{game}",
        f"--workdir={workdir}",
        *(f"--config.{k.replace('__', '.')}={v}" for k, v in fields.items()),
    ]  # fmt: skip


def start(workdir, **options):
    return subprocess.Popen(
        command(workdir, **options), cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def finish(workdir, **options):
    """Runs the command to its end; its status and its metrics."""
    process = start(workdir, **options)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return result(workdir)


def result(workdir):
    status = json.loads((workdir / "status.json").read_text())
    return status["state_digest"], (workdir / "metrics.jsonl").read_text()


def kill_when(workdir, happened, **options):
    """SIGKILL as soon as ``happened()``; False if the run ended before."""
    process = start(workdir, **options)
    deadline = time.monotonic() + 120
    while process.poll() is None and not happened():
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def text(path):
    return path.read_text() if path.exists() else ""


# Long enough to be caught in the act.
LONG = {"steps": 2000, "log__every": 10, "checkpoint__every": 100,
        "parallel__inner_steps": 10}  # fmt: skip


def test_killed_run_ends_as_the_undisturbed_one(tmp_path):
    undisturbed = finish(tmp_path / "whole", **LONG)
    killed = tmp_path / "killed"
    rows = killed / "metrics.jsonl"
    assert kill_when(killed, lambda: text(rows).count("\n") >= 25, **LONG)
    assert finish(killed, **LONG) == undisturbed
    # The file holds each step once, and the last row is the last step's.
    steps = [json.loads(line)["step"] for line in text(rows).splitlines()]
    assert steps == list(range(10, 2001, 10))


@pytest.mark.full
@pytest.mark.parametrize("game", ["relativistic", "convolutional", "cyclegan"])
def test_killed_at_any_moment(tmp_path, game):
    """During compilation, logging, commit, just after a restore, and at random."""
    options = {"game": game, **LONG}
    if game == "convolutional":
        options |= {"steps": 600, "checkpoint__every": 50, "log__every": 5,
                    "parallel__inner_steps": 1}  # fmt: skip
    undisturbed = finish(tmp_path / "whole", **options)
    killed = tmp_path / "killed"
    folder = killed / "checkpoints"

    def writing():
        """Whether a checkpoint is being written after a sealed one."""
        found = [p for p in folder.glob("[0-9]*")]
        sealed = [int(p.name) for p in found if (p / "manifest.json").exists()]
        return sealed and max(int(p.name) for p in found) > max(sealed)

    moments = {
        "compilation": lambda: "running" in text(killed / "status.json"),
        "logging": lambda: text(killed / "metrics.jsonl").count("\n") >= 15,
        "commit": writing,
    }
    for name, happened in moments.items():
        assert kill_when(killed, happened, **options), name
    log = text(killed / "train.log")
    restored = log.count("going on")
    assert kill_when(
        killed, lambda: text(killed / "train.log").count("going on") > restored,
        **options,
    )  # fmt: skip
    rng = random.Random(0)
    for _ in range(5):
        until = time.monotonic() + rng.uniform(2, 9)
        kill_when(killed, lambda until=until: time.monotonic() > until, **options)
    assert finish(killed, **options) == undisturbed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR2])
def test_signal_saves_and_the_same_command_goes_on(tmp_path, number):
    stopped = tmp_path / "run"
    process = start(stopped, **LONG)
    while text(stopped / "metrics.jsonl").count("\n") < 3:
        time.sleep(0.01)
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + number, output
    status = json.loads((stopped / "status.json").read_text())
    assert status["state"] == "interrupted"
    assert (stopped / "checkpoints" / str(status["step"]) / "manifest.json").exists()
    before = status["step"]
    finish(stopped, **LONG)
    assert f"going on from step {before}" in text(stopped / "train.log")


VARIANTS = {
    "one device": {},
    "two devices": {"parallel__devices": 2},
    "scanned": {"parallel__inner_steps": 5},
    "streamed": {"game": "convolutional", "data__feed": "streamed"},
    "streamed to two devices": {"game": "convolutional", "data__feed": "streamed",
                                "parallel__devices": 2},
    "image pool": {"game": "cyclegan"},
}  # fmt: skip


@pytest.mark.parametrize("variant", VARIANTS)
def test_more_steps_continue_a_run_exactly(tmp_path, variant):
    options = VARIANTS[variant]
    whole = train(tmp_path / "whole", **options)
    train(tmp_path / "parts", steps=10, **options)
    assert train(tmp_path / "parts", **options) == whole


def test_finished_run_is_left_alone(tmp_path):
    train(tmp_path / "run")

    def files():
        return {
            path: (path.stat().st_mtime_ns, path.read_bytes())
            for path in (tmp_path / "run").rglob("*") if path.is_file()
        }  # fmt: skip

    before = files()
    train(tmp_path / "run")
    assert files() == before


def test_feeds_train_alike(tmp_path):
    """The resident and the streamed feed give one and the same run up to rounding."""
    rows = [
        json.loads(train(tmp_path / feed, game="convolutional", data__feed=feed)[1]
                   .splitlines()[0])
        for feed in ("resident", "streamed")
    ]  # fmt: skip
    assert rows[0].keys() == rows[1].keys()
    for name, value in rows[0].items():
        assert rows[1][name] == pytest.approx(value, rel=1e-4, abs=1e-5), name


def train(workdir, **options):
    """In this process, which has compiled the step before."""
    from scripts import train as script

    here = os.getcwd()
    os.chdir(ROOT)
    try:
        assert script.main(command(workdir, **options)[2:]) == 0
    finally:
        os.chdir(here)
    return result(workdir)
