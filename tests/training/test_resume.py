"""A run that is stopped in any way and resumed equals a run that was not stopped."""

import dataclasses
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ganjax.core import state_digest
from ganjax.training import Member, RunArchive, RunDirectory, compiled_step
from ganjax.training import train as train_loop
from tests import tiny

ROOT = Path(__file__).parents[2]


def command(workdir, game="relativistic", **overrides):
    fields = {"steps": 20, "log__every": 5, "checkpoint__every": 10, **overrides}
    return [
        sys.executable, "scripts/train.py", f"--config=tests/configs.py:{game}",
        f"--workdir={workdir}",
        *(f"--config.{k.replace('__', '.')}={v}" for k, v in fields.items()),
    ]  # fmt: skip


def start(workdir, **options):
    # The number of devices of a run does not depend on the tests.
    devices = max(1, options.get("parallel__devices", 1))
    flags = os.environ["XLA_FLAGS"]  # the last value of a flag counts
    flags += f" --xla_force_host_platform_device_count={devices}"
    return subprocess.Popen(
        command(workdir, **options), cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, env={**os.environ, "XLA_FLAGS": flags},
    )  # fmt: skip


def finish(workdir, **options):
    """Run the command to its end. Return the digest of its state and its metrics."""
    process = start(workdir, **options)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return result(workdir)


def result(workdir):
    status = json.loads((workdir / "status.json").read_text())
    return status["state_digest"], (workdir / "metrics.jsonl").read_text()


def kill_when(workdir, happened, **options):
    """Send SIGKILL as soon as ``happened()``. Return False if the run ended before."""
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


# Long enough to be killed before the end.
LONG = {"steps": 2000, "log__every": 10, "checkpoint__every": 100,
        "parallel__inner_steps": 10}  # fmt: skip


@pytest.mark.full
def test_killed_run_ends_as_the_undisturbed_one(tmp_path):
    undisturbed = finish(tmp_path / "whole", **LONG)
    killed = tmp_path / "killed"
    rows = killed / "metrics.jsonl"

    def step():
        return json.loads(text(killed / "status.json") or '{"step": 0}')["step"]

    assert kill_when(killed, lambda: step() >= 200, **LONG)
    # The status names the newest checkpoint, or the checkpoint before it if the kill
    # came between the two files. The log does not list every checkpoint.
    assert '"state": "running"' in text(killed / "status.json")
    newest = sorted(
        int(path.parent.name) for path in killed.glob("checkpoints/*/manifest.json")
    )[-2:]
    assert step() in newest
    assert text(killed / "train.log").count("running") == 1
    assert finish(killed, **LONG) == undisturbed
    # The file holds each step once. The last row belongs to the last step.
    steps = [json.loads(line)["step"] for line in text(rows).splitlines()]
    assert steps == list(range(10, 2001, 10))


SLOW = {"steps": 600, "log__every": 5, "checkpoint__every": 50,
        "parallel__inner_steps": 1}  # fmt: skip
KILLED = {
    "relativistic": LONG,
    "convolutional": {"game": "convolutional", **SLOW},
    "cyclegan": {"game": "cyclegan", **LONG},
    "streamed": {"game": "convolutional", "data__feed": "streamed", **SLOW},
    "two devices": {"parallel__devices": 2, **LONG},
    "streamed to two devices": {"game": "convolutional", "data__feed": "streamed",
                                "parallel__devices": 2, **SLOW},
}  # fmt: skip


@pytest.mark.full
@pytest.mark.parametrize("variant", KILLED)
def test_killed_at_any_moment(tmp_path, variant):
    """Kill during compilation, logging and commit, after a restore, and at random."""
    options = KILLED[variant]
    undisturbed = finish(tmp_path / "whole", **options)
    killed = tmp_path / "killed"
    folder = killed / "checkpoints"

    def writing():
        """Return whether a checkpoint is being written after a sealed checkpoint."""
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
    restored = log.count("resuming from")
    assert kill_when(
        killed, lambda: text(killed / "train.log").count("resuming from") > restored,
        **options,
    )  # fmt: skip
    rng = random.Random(0)
    for _ in range(5):
        until = time.monotonic() + rng.uniform(2, 9)
        kill_when(killed, lambda until=until: time.monotonic() > until, **options)
    assert finish(killed, **options) == undisturbed
    carrier = json.loads(text(killed / "status.json"))["carrier"]
    assert carrier["devices"] == options.get("parallel__devices", 1)


@pytest.mark.full
@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, signal.SIGUSR2],
)
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
    assert f"resuming from step {before}" in text(stopped / "train.log")


VARIANTS = {
    "one device": {},
    "two devices": {"parallel__devices": 2},
    "scanned": {"parallel__inner_steps": 5},
    "streamed": {"game": "convolutional", "data__feed": "streamed"},
    "streamed to two devices": {"game": "convolutional", "data__feed": "streamed",
                                "parallel__devices": 2},
    "image pool": {"game": "cyclegan"},
    "random masks": {"game": "inpainting"},
    "captions": {"game": "text_to_image"},
    "frozen network": {"game": "style_transfer"},
    "phases of players": {"game": "timegan"},
    "drawn molecules": {"game": "molgan"},
    "recurrent networks": {"game": "recurrent"},
    "drawn words": {"game": "word_gan"},
    "conditions of a table": {"game": "ctgan"},
    "hidden cells": {"game": "gain"},
    "poisson batches": {"game": "private_gan"},
    "noisy votes": {"game": "pate_gan"},
}  # fmt: skip
QUICK = ("streamed to two devices",)


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.full)
        for name in VARIANTS
    ],
)
def test_more_steps_continue_a_run_exactly(tmp_path, variant):
    """The first run ends at a step where nothing is scheduled. It writes rows and
    pictures there that an uninterrupted run does not have. The resumed run removes
    them."""
    options = {"log__every": 10, "samples__every": 10, **VARIANTS[variant]}
    if options.get("game") is None:
        options |= {"evaluation__names": "modes", "evaluation__every": 10,
                    "evaluation__samples": 100}  # fmt: skip
    whole = train(tmp_path / "whole", **options)
    train(tmp_path / "parts", steps=15, **options)
    assert (tmp_path / "parts/samples/step_00000015.png").exists()
    assert train(tmp_path / "parts", **options) == whole
    pictures = {"real.png", "step_00000010.png", "step_00000020.png"}
    assert contents(tmp_path / "whole/samples").keys() == pictures
    for folder in ("samples", "evaluation"):
        left = [contents(tmp_path / run / folder) for run in ("whole", "parts")]
        assert left[0] == left[1]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*")}


@pytest.mark.full
def test_a_runs_randomness_is_its_states(tmp_path):
    """With another seed in the plan, a resumed run keeps its order of the data and the
    latents of its pictures."""
    setup = tiny.setup(
        "relativistic", data__name="digits", data__feed="streamed", steps=4,
        log__every=1, samples__every=4, samples__count=4,
    )  # fmt: skip

    def digest(folder, seed, steps):
        with RunDirectory(folder) as run:
            plan = dataclasses.replace(setup.plan, steps=steps)
            state = train_loop(
                [Member(setup.knobs, seed)], RunArchive(run, plan),
                compiled_step(setup.game, setup.feed, plan), game=setup.game,
                model=setup.model, evaluations=lambda seed: setup.evaluation,
                source=setup.source, feed=setup.feed, plan=plan,
            )  # fmt: skip
        return state_digest(state)

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    of_whole = digest(whole, seed=0, steps=4)
    digest(parts, seed=0, steps=2)
    (parts / "config.json").write_text("{}")  # launch writes it
    assert digest(parts, seed=1, steps=4) == of_whole
    assert text(parts / "metrics.jsonl") == text(whole / "metrics.jsonl")
    assert contents(parts / "samples") == contents(whole / "samples")


@pytest.mark.full
def test_feeds_train_alike(tmp_path):
    """The resident and the streamed feed give the same run up to rounding."""
    rows = [
        json.loads(train(tmp_path / feed, game="convolutional", data__feed=feed)[1]
                   .splitlines()[0])
        for feed in ("resident", "streamed")
    ]  # fmt: skip
    assert rows[0].keys() == rows[1].keys()
    for name, value in rows[0].items():
        assert rows[1][name] == pytest.approx(value, rel=1e-4, abs=1e-5), name


def train(workdir, **options):
    """Train in this process, which has already compiled the step."""
    from ganjax.commands import train as script

    here = os.getcwd()
    os.chdir(ROOT)
    try:
        assert script.main(command(workdir, **options)[2:]) == 0
    finally:
        os.chdir(here)
    return result(workdir)
