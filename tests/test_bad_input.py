"""A mistake of a user gives a one-line error and changes nothing on the disk.

Every mistake is made twice: with a workdir that does not exist yet, and with a workdir
that holds a run.
"""

import errno
import fcntl
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import orbax.checkpoint as ocp
import pytest
from PIL import Image

from ganjax import command_line
from ganjax.config import resolve
from ganjax.run_files import RunFiles
from tests.compilations import count_compilations

ROOT = Path(__file__).parents[1]
BASE = {
    "data.name": "ring8",
    "batch_size": 8,
    "steps": 20,
    "latents.size": 4,
    "networks.generator.widths": (4,),
    "networks.discriminator.widths": (4,),
    "log.every": 5,
    "checkpoint.every": 5,
}


def nested(fields):
    """Return ``{'a': {'b': x}}`` for ``{'a.b': x}``."""
    config = {}
    for path, value in fields.items():
        *sections, name = path.split(".")
        target = config
        for section in sections:
            target = target.setdefault(section, {})
        target[name] = value
    return config


def write_config(folder, **changes):
    """Write a config file with ``BASE`` and ``changes``.

    A change of a whole section replaces all fields of ``BASE`` in it."""
    changes = {path.replace("__", "."): value for path, value in changes.items()}
    kept = {
        path: value
        for path, value in BASE.items()
        if not any(path.startswith(f"{whole}.") for whole in changes)
    }
    path = folder / "experiment.py"
    config = nested({**kept, **changes})
    path.write_text(f"nan = inf = float('nan')\ndef get_config():\n    return {config}")
    return path


def hold(folder):
    """Make ``folder`` the workdir of a run of ``BASE`` that was interrupted."""
    RunFiles(folder).describe(resolve(nested(BASE)).to_dict())
    (folder / "status.json").write_text('{"state": "interrupted", "step": 5}')
    (folder / "checkpoints/5").mkdir(parents=True)
    (folder / "checkpoints/5/manifest.json").write_text("{}")


def load(name):
    return importlib.import_module(f"ganjax.commands.{name}")


@pytest.fixture
def command(monkeypatch, capfd):
    """``command(script, *arguments) -> (exit code, stdout, stderr)``, in process."""

    def call(script, *arguments):
        monkeypatch.setattr(sys, "argv", [script, *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            command_line.run(load(script).main)
        return ended.value.code, *capfd.readouterr()

    monkeypatch.chdir(ROOT)
    return call


@pytest.fixture
def refused(command, monkeypatch, tmp_path):
    """Assert that ``ganjax train`` refuses its arguments, and return its message."""

    def train(*arguments, **keywords):
        raise AssertionError("training began")

    monkeypatch.setattr("ganjax.launch.train", train)
    fresh, old = tmp_path / "fresh", tmp_path / "old"
    hold(old)

    def call(*arguments):
        said = []
        before = contents(old)
        for workdir in (fresh, old):
            with count_compilations() as compiled:
                code, out, err = command(
                    "train", f"--workdir={workdir}", "--allow_config_change", *arguments
                )
            assert (code, out) == (2, ""), err
            assert err.startswith("error: ") and err.count("\n") == 1, err
            assert compiled == []
            said.append(re.sub("0x[0-9a-f]+", "", err))
        assert said[0] == said[1]
        assert contents(fresh) == {} and contents(old) == before
        return said[0]

    return call


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def assert_says(said, *parts):
    for part in parts:
        assert part in said, f"{part!r} is not in {said!r}"


# --- The config file -----------------------------------------------------------------


def test_config_file_that_is_not_there(refused):
    assert_says(
        refused("--config=configs/rng8.py"), "configs/rng8.py", "'configs/ring8.py'"
    )
    assert_says(refused("--config=ring8.py"), "'configs/ring8.py'")
    assert_says(refused("--config=configs"), "--config=configs", "expected a file")


@pytest.mark.parametrize(
    "text, parts",
    [
        ("def get_config(:\n", ["SyntaxError", "line 1", "experiment.py"]),
        ("import no_such_module\n", ["no_such_module", "line 1"]),
        ("x = 1\n", ["expected a function get_config"]),
        ("def get_config():\n    return 1 / 0\n", ["line 2", "ZeroDivisionError"]),
        (
            "def get_config():\n    raise ValueError('a\\n\\nb')\n",
            ["line 2", "ValueError: a b"],
        ),
        ("def get_config():\n    pass\n", ["NoneType", "a ConfigDict or a dict"]),
        ("def get_config():\n    return {'game': ['gan']}\n", ["game=['gan']", "str"]),
    ],
)
def test_config_file_with_an_error_in_it(refused, tmp_path, text, parts):
    path = tmp_path / "experiment.py"
    path.write_text(text)
    assert_says(refused(f"--config={path}"), *parts)


def test_get_config_with_an_argument_that_it_does_not_take(refused, tmp_path):
    said = refused(f"--config={write_config(tmp_path)}:large")
    assert_says(said, "experiment.py:large", "get_config takes none")


def test_get_config_with_an_argument_that_it_does_not_know(refused):
    said = refused("--config=configs/biggan_cifar10.py:tny")
    assert_says(said, "biggan_cifar10.py: the argument='tny'", "did you mean 'tiny'?")


# --- Fields: each once in the file and once on the command line where both can be -----

NAMES = [
    ("learning_rte", 0.1, ["learning_rte=", "no such field"]),
    ("batch_siz", 8, ["batch_siz=", "did you mean 'batch_size'?"]),
    ("data.nmae", "ring8", ["data.nmae=", "limit, mirror, name", "mean 'data.name'?"]),
    ("dta.name", "ring8", ["dta.name=", "did you mean 'data.name'?"]),
    ("optimizers.genrator.b1", 0.1, ["did you mean 'optimizers.generator.b1'?"]),
    ("networks.generator.width", 4, ["did you mean 'networks.generator.widths'?"]),
    ("game", "gna", ["game='gna'", "conditional_gan", "did you mean 'gan'?"]),
    ("loss.name", "hinje", ["loss.name='hinje'", "did you mean 'hinge'?"]),
    ("data.name", "rng8", ["data.name='rng8'", "did you mean 'ring8'?"]),
    ("networks.generator.name", "dcgn", ["generator.name='dcgn'", "mean 'dcgan'?"]),
    ("optimizers.generator.name", "adm", ["optimizers.generator.name", "'adam'?"]),
    ("latents.name", "nrmal", ["latents.name='nrmal'", "did you mean 'normal'?"]),
    ("dynamics.name", "alternatng", ["dynamics.name=", "did you mean 'alternating'?"]),
    ("data.feed", "streamd", ["data.feed=", "did you mean 'streamed'?"]),
    ("networks.generator.activation", "rlu", ["activation='rlu'", "'relu'?"]),
    ("parallel.carrier", "pmpa", ["parallel.carrier='pmpa'", "did you mean 'pmap'?"]),
    ("regularizers.r1.player", "discriminater", ["r1.player=", "'discriminator'?"]),
]
RANGES = [
    ("steps", 0, ["steps=0", "at least 1"]),
    ("steps", -5, ["steps=-5", "at least 1"]),
    ("steps", 2**31, ["steps=2147483648", "a number below 2^31"]),
    ("seed", -1, ["seed=-1", "at least 0 and at most 4294967295"]),
    ("batch_size", 0, ["batch_size=0", "at least 1"]),
    ("batch_size", -8, ["batch_size=-8", "at least 1"]),
    ("parallel.devices", -1, ["parallel.devices=-1", "at least 0"]),
    ("parallel.devices", 5, ["parallel.devices=5", "4 devices"]),
    ("checkpoint.every", 0, ["checkpoint.every=0", "at least 1"]),
    ("optimizers.generator.learning_rate", -1.0, ["learning_rate=-1.0", "at least 0"]),
    ("optimizers.generator.b1", 1.0, ["generator.b1=1.0", "at least 0 and below 1"]),
    ("loss.smoothing", 1.5, ["loss.smoothing=1.5", "at least 0 and below 1"]),
    ("evaluation.samples", 10, ["evaluation.samples=10", "at least 100"]),
]
WRONG_TYPES_IN_A_FILE = [
    ("steps", True, ["steps=True", "expected int"]),
    ("steps", 1.5, ["steps=1.5", "expected int"]),
    ("steps", None, ["steps=None", "expected int"]),
    ("steps", "20", ["steps='20'", "expected int"]),
    ("steps", {}, ["steps={}", "expected int"]),
    ("steps", {"every": 5}, ["steps.every=5", "steps is no section", "int"]),
    ("ema.decay", "0.9", ["ema.decay='0.9'", "expected float"]),
    ("ema.decay", None, ["ema.decay=None", "expected float"]),
    ("ema.decay", False, ["ema.decay=False", "expected float"]),
    ("data", "digits", ["data='digits'", "expected a section with balanced, classes"]),
    ("data", None, ["data=None", "expected a section"]),
    ("data.name", 8, ["data.name=8", "expected str"]),
    ("networks.generator.widths", [64, "64"], ["widths=[64, '64']", "whole numbers"]),
    ("networks.generator.widths", 64, ["widths=64", "whole numbers"]),
    ("networks.generator.widths", (64, 0), ["widths=(64, 0)", "at least 1"]),
    ("networks.generator.name", ["mlp"], ["generator.name=['mlp']", "expected str"]),
    ("networks", "mlp", ["networks='mlp'", "expected a section with", "generator"]),
    ("evaluation.names", "modes", ["names='modes'", "expected names"]),
]
WRONG_TYPES_ON_THE_COMMAND_LINE = [
    ("steps=abc", ["steps='abc'", "expected int"]),
    ("steps=1.5", ["steps=1.5", "expected int"]),
    ("steps=true", ["steps=True", "expected int"]),
    ("steps=None", ["steps='None'", "expected int"]),
    ("steps=", ["steps=''", "expected int"]),
    ("steps.every=5", ["steps.every='5'", "steps is no section"]),
    ("ema.decay=much", ["ema.decay='much'", "expected float"]),
    ("ema.decay=", ["ema.decay=''", "expected float"]),
    ("data=digits", ["data='digits'", "expected a section with balanced, classes"]),
    ("networks.generator.widths=64,wide", ["widths=[64, 'wide']", "whole numbers"]),
    ("evaluation.names=mods", ["evaluation.names='mods'", "did you mean 'modes'?"]),
    ("=5", ["--config.=5: expected"]),
    ("data.mirror=2", ["data.mirror=2", "expected bool"]),
    ("kimg=-1", ["kimg=-1.0", "at least 0"]),
    ("kimg=inf", ["kimg=inf", "finite"]),
    ("schedules=abc", ["schedules='abc'", "schedules.NAME.FIELD"]),
    ("schedules.a=3", ["schedules.a='3'", "schedules.NAME.FIELD"]),
    ("batch_size=99999999999999999999", ["batch_size=9", "below 2^31"]),
    ("optimizers.generator.learning_rate=1e300", ["=1e+300", "single precision"]),
]


@pytest.mark.parametrize("field, value, parts", NAMES + RANGES + WRONG_TYPES_IN_A_FILE)
def test_field_in_the_file(refused, tmp_path, field, value, parts):
    path = write_config(tmp_path, **{field: value})
    assert_says(refused(f"--config={path}"), *parts)


@pytest.mark.parametrize(
    "override, parts",
    [(f"{field}={value}", parts) for field, value, parts in NAMES + RANGES]
    + WRONG_TYPES_ON_THE_COMMAND_LINE,
)
def test_field_on_the_command_line(refused, tmp_path, override, parts):
    path = write_config(tmp_path)
    assert_says(refused(f"--config={path}", f"--config.{override}"), *parts)


def test_two_lengths(refused, tmp_path):
    path = write_config(tmp_path, kimg=2.0)
    assert_says(refused(f"--config={path}"), "kimg=2.0: expected either kimg or steps=")
    path = write_config(tmp_path)
    both = ("--config.steps=20", "--config.kimg=2")
    assert_says(refused(f"--config={path}", *both), "kimg=2.0", "either", "steps=20")


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999"])
@pytest.mark.parametrize("field", ["optimizers.generator.learning_rate", "ema.decay"])
def test_float_that_is_not_finite(refused, tmp_path, field, number):
    path = write_config(tmp_path)
    said = refused(f"--config={path}", f"--config.{field}={number}")
    assert_says(said, f"{field}=", "finite")
    path = write_config(tmp_path, **{field: float(number)})
    path.write_text(path.read_text().replace("-inf", "inf"))
    assert_says(refused(f"--config={path}"), f"{field}=", "finite")


# --- Fields that contradict each other, the machine or the data -----------------------


def test_contradictions(refused, tmp_path):
    path = write_config(tmp_path)

    def said(**overrides):
        return refused(
            f"--config={path}",
            *(f"--config.{k.replace('__', '.')}={v}" for k, v in overrides.items()),
        )

    assert_says(
        said(batch_size=6, parallel__devices=4), "batch_size=6", "multiple", "4 devices"
    )
    assert_says(
        said(parallel__inner_steps=2, steps=21, log__every=2, checkpoint__every=2),
        "steps=21", "multiple", "parallel.inner_steps=2",
    )  # fmt: skip
    assert_says(
        said(parallel__devices=4, packing=8),
        "packing=8", "a divisor of 2", "4 devices", "batch_size=8",
    )  # fmt: skip
    assert_says(said(parallel__inner_steps=2), "log.every=5", "parallel.inner_steps=2")
    assert_says(
        said(loss__name="relativistic_pairing", loss__smoothing=0.1),
        "loss.smoothing=0.1", "a loss of single samples", "='relativistic_pairing'",
    )  # fmt: skip
    assert_says(
        said(loss__name="relativistic_average", loss__flipping=0.1), "loss.flipping=0.1"
    )
    assert_says(
        said(regularizers__r1__weight=1, regularizers__r1__player="generator"),
        "regularizers.r1.player='generator'", "expected one of critics, discriminator",
    )  # fmt: skip
    assert_says(
        said(
            regularizers__r1__weight=1, networks__discriminator__normalization="batch"
        ),
        "regularizers.r1.weight=1.0",
        "networks.discriminator.normalization='spectral' or 'none'",
    )  # fmt: skip
    assert_says(
        said(networks__discriminator__minibatch_discrimination=-1),
        "networks.discriminator.minibatch_discrimination=-1", "at least 0",
    )  # fmt: skip
    assert_says(
        said(dynamics__name="simultaneous", optimizers__generator__updates_per_step=2),
        "optimizers.generator.updates_per_step=2", "expected 1",
    )  # fmt: skip


def test_what_does_not_go_with_the_data(refused, tmp_path):
    path = write_config(tmp_path)

    def said(*overrides):
        return refused(f"--config={path}", *(f"--config.{text}" for text in overrides))

    assert_says(
        said("data.name=digits", "evaluation.names=modes"),
        "evaluation.names='modes'", "data.name='digits'",
    )  # fmt: skip
    assert_says(
        said("networks.generator.name=dcgan"), "networks.generator", "(4 to 7)·2^k", "2"
    )
    assert_says(said("data.name=unpaired"), "game='gan'", "data.name='unpaired'")
    assert_says(
        said("game=conditional_gan", "data.name=swiss_roll"),
        "game='conditional_gan'", "label", "data.name='swiss_roll'",
    )  # fmt: skip


# --- Data files ----------------------------------------------------------------------


def write_idx(folder, size=8):
    folder.mkdir()
    for part in ("train", "t10k"):
        images = b"\0\0\x08\x03" + np.array([4, size, size], ">u4").tobytes()
        labels = b"\0\0\x08\x01" + np.array([4], ">u4").tobytes()
        (folder / f"{part}-images-idx3-ubyte").write_bytes(
            images + bytes(4 * size * size)
        )
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(labels + bytes(range(4)))
    return folder


def write_images(folder, sizes):
    for label in "ab":
        (folder / label).mkdir(parents=True)
        for i, size in enumerate(sizes):
            Image.new("L", size).save(folder / label / f"{i}.png")
    return folder


def test_data_that_are_missing_or_empty(refused, tmp_path):
    path = write_config(tmp_path)
    (tmp_path / "empty").mkdir()
    for name in ("mnist", "idx", "cifar10", "image_folder"):
        for folder, problem in (("none", "no such"), ("empty", "empty")):
            said = refused(
                f"--config={path}",
                f"--config.data.name={name}",
                f"--config.data.dir={tmp_path / folder}",
            )
            assert_says(said, f"data.dir='{tmp_path / folder}'", problem, name)


def test_data_that_are_damaged(refused, tmp_path):
    path = write_config(tmp_path)
    folder = write_idx(tmp_path / "idx")

    def said(name):
        return refused(
            f"--config={path}",
            f"--config.data.name={name}",
            f"--config.data.dir={folder}",
        )

    assert_says(
        said("mnist"), str(folder), "train-images-idx3-ubyte", "md5",
        "6bbc9ace898e44ae57da46a324031adb",
    )  # fmt: skip
    short = folder / "t10k-images-idx3-ubyte"
    short.write_bytes(short.read_bytes()[:-1])
    assert_says(said("idx"), str(folder), short.name, "255 bytes", "expected 256")
    short.unlink()
    assert_says(said("idx"), str(folder), short.name, "no such file")


def test_images_that_do_not_fit(refused, tmp_path):
    path = write_config(tmp_path)

    def said(folder, *overrides):
        return refused(
            f"--config={path}",
            "--config.data.name=image_folder",
            f"--config.data.dir={folder}",
            *overrides,
        )

    mixed = write_images(tmp_path / "mixed", [(8, 8), (8, 8), (9, 8)])
    assert_says(said(mixed), str(mixed), "2.png", "9x8", "expected images of one size")
    for name, size, shape in (("odd", (9, 9), "9×9×1"), ("wide", (17, 8), "8×17×1")):
        folder = write_images(tmp_path / name, [size] * 3)
        for network in ("generator", "discriminator"):
            assert_says(
                said(folder, f"--config.networks.{network}.name=dcgan"),
                f"networks.{network}.name='dcgan'", "expected images with", shape,
                "nearest 8×", "ganjax prepare FOLDER --size=8",
            )  # fmt: skip
    broken = write_images(tmp_path / "broken", [(8, 8)] * 3)
    (broken / "b/1.png").write_bytes(b"no picture")
    assert_says(said(broken), str(broken), "b/1.png")


# --- The workdir ---------------------------------------------------------------------


def refuse_workdir(command, workdir, *arguments):
    code, out, err = command("train", f"--workdir={workdir}", *arguments)
    assert (code, out) == (2, ""), err
    assert err.startswith("error: ") and err.count("\n") == 1, err
    return err


def test_workdir_that_is_no_folder(command, tmp_path):
    config = f"--config={write_config(tmp_path)}"
    file = tmp_path / "file"
    file.write_text("mine")
    assert_says(refuse_workdir(command, file, config), str(file), "found a file")
    inside = file / "run"
    assert_says(refuse_workdir(command, inside, config), str(inside), "Not a directory")
    assert file.read_text() == "mine"


def test_workdir_that_holds_something_else(command, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "holiday.txt").write_text("mine")
    said = refuse_workdir(command, folder, f"--config={write_config(tmp_path)}")
    assert_says(said, str(folder), "holiday.txt", "config.json")
    assert [path.name for path in folder.iterdir()] == ["holiday.txt"]


def test_workdir_of_another_config(command, tmp_path):
    run = tmp_path / "run"
    hold(run)
    before = contents(run)
    said = refuse_workdir(
        command, run, f"--config={write_config(tmp_path)}", "--config.batch_size=16",
        "--config.loss.name=hinge", "--config.steps=40", "--config.data.timeout=9",
    )  # fmt: skip
    assert_says(said, str(run), "batch_size: 8 -> 16", "--allow_config_change")
    assert_says(said, "loss.name: non_saturating -> hinge")
    assert "steps" not in said, "a longer run is the same run"
    assert "timeout" not in said, "a disk may be slower on another day"
    assert contents(run) == before


def test_a_run_without_a_checkpoint_is_refused_once_it_passed_step_0(command, tmp_path):
    run = tmp_path / "run"
    hold(run)
    shutil.rmtree(run / "checkpoints")
    before = contents(run)
    for flags in ([], ["--allow_config_change"], ["--config.batch_size=16"]):
        said = refuse_workdir(
            command, run, f"--config={write_config(tmp_path)}", *flags
        )
        if not flags or "allow" in flags[0]:
            assert_says(said, "expected a checkpoint", "reached step 5", "delete the")
        assert contents(run) == before


def test_another_seed_is_another_run(command, tmp_path):
    run = tmp_path / "run"
    hold(run)
    before = contents(run)
    config = f"--config={write_config(tmp_path)}"
    for flags in ([], ["--allow_config_change"], ["--config.batch_size=16"]):
        said = refuse_workdir(command, run, config, "--config.seed=7", *flags)
        assert_says(said, "seed=7: expected 0", str(run), "random state", "new workdir")
        assert contents(run) == before


def test_workdir_whose_config_is_no_config(command, tmp_path):
    run = tmp_path / "run"
    for text in ("{", "[]", '{"stpes": 5}'):
        shutil.rmtree(run, ignore_errors=True)
        hold(run)
        RunFiles(run).config.write_text(text)
        before = contents(run)
        refuse_workdir(command, run, f"--config={write_config(tmp_path)}")
        assert contents(run) == before


def test_two_processes_on_one_workdir(command, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    with (run / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = refuse_workdir(command, run, f"--config={write_config(tmp_path)}")
    assert_says(said, str(run), "another process")
    assert contents(run) == {}


# --- Flags ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, parts",
    [
        (["--workdri=x"], ["--workdri", "did you mean '--workdir'?"]),
        (["--workdir=x", "--confg=y"], ["--confg", "did you mean '--config'?"]),
        (["--workdir=x", "--config=y", "--dryrun"], ["--dryrun", "'--dry_run'?"]),
        (["--config=configs/ring8.py"], ["--workdir", "required"]),
        (["--workdir=x"], ["--config", "required"]),
        ([], ["--workdir", "--config", "required"]),
        (["--workdir=x", "--config"], ["--config", "expected one argument"]),
        (["--workdir=x", "--config=y", "--config.steps"], ["--config.steps", "value"]),
        (
            ["--workdir=x", "--config=y", "--config.steps", "--config.seed=1"],
            ["--config.steps", "expected a value"],
        ),
        (["--workdir=x", "--config=y", "stray"], ["stray", "expected a flag"]),
        (["--dry_run=yes", "--workdir=x", "--config=y"], ["--dry_run"]),
    ],
)
def test_flags(command, tmp_path, monkeypatch, arguments, parts):
    arguments = [a.replace("=x", f"={tmp_path / 'x'}") for a in arguments]
    code, out, err = command("train", *arguments)
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert_says(err, "error: ", *parts)
    assert not (tmp_path / "x").exists()


def test_flags_of_the_report(command, tmp_path):
    code, out, err = command("report", f"--workdri={tmp_path}")
    assert (code, out) == (2, "")
    assert_says(err, "error: ", "--workdri", "did you mean '--workdir'?")
    assert_says(command("report", "--config.steps=5")[2], "--config.steps", "no such")


def test_a_value_may_follow_a_space(command, tmp_path):
    path = write_config(tmp_path)
    arguments = ("--workdir", tmp_path / "x", "--config", path, "--config.seed", "-1")
    assert_says(command("train", *arguments)[2], "seed=-1", "expected at least 0")


# --- In a separate process: no other output, and the shell gets the exit code ---------


@pytest.mark.parametrize(
    "arguments, part",
    [
        pytest.param(
            ["--config=configs/ring8.py", "--config.steps=abc"],
            "steps='abc'",
            marks=pytest.mark.full,
        ),
        (
            [
                "--config=configs/ring8.py",
                "--config.batch_size=129",
                "--config.parallel.devices=2",
            ],
            "batch_size=129",
        ),
    ],
)
def test_in_a_process(tmp_path, arguments, part):
    done = subprocess.run(
        [sys.executable, "scripts/train.py", f"--workdir={tmp_path / 'x'}", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert part in done.stderr
    assert contents(tmp_path) == {}


# --- What no input can repair: full disks, damage, divergence -------------------------


@pytest.fixture(scope="module")
def compile_once(tmp_path_factory):
    """The runs below share one compiled program."""
    names = {
        "jax_compilation_cache_dir": str(tmp_path_factory.mktemp("compiled")),
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
    before = {name: getattr(jax.config, name) for name in names}
    for name, value in names.items():
        jax.config.update(name, value)
    yield
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """20 steps of a small game, with a checkpoint every 5."""
    config = tmp_path_factory.mktemp("configs") / "small.py"
    config.write_text(
        "from tests import tiny\n"
        "def get_config():\n"
        "    return {**tiny.GAMES['conditional_gan'], 'batch_size': 8, 'steps': 20,\n"
        "        'log': {'every': 5}, 'samples': {'every': 0, 'count': 4},\n"
        "        'checkpoint': {'every': 5, 'keep': 10}}\n"
    )
    return f"--config={config}"


@pytest.fixture(scope="module")
def undisturbed(small, compile_once, tmp_path_factory):
    """The folder of a run without any disturbance."""
    folder = tmp_path_factory.mktemp("runs") / "undisturbed"
    assert load("train").main([small, f"--workdir={folder}"]) == 0
    return folder


@pytest.fixture
def trained(command, small, compile_once, tmp_path):
    """``trained(*arguments) -> (exit code, stdout, stderr)`` in the folder run/."""

    def call(*arguments):
        return command("train", small, f"--workdir={tmp_path / 'run'}", *arguments)

    return call


def status(folder):
    return json.loads((folder / "status.json").read_text())


def errors(err):
    return [line for line in err.splitlines() if "rror" in line or "Traceback" in line]


def exhausted():
    return ValueError("RESOURCE_EXHAUSTED: Failed writing: No space left on device")


def broken():
    return ValueError("UNKNOWN: Failed to write 9 bytes to file 3: Input/output error")


def no_space(message="No space left on device"):
    return OSError(errno.ENOSPC, message)


@pytest.mark.parametrize(
    "when, error",
    [
        ("finish", broken()),
        pytest.param("finish", no_space(), marks=pytest.mark.full),
        pytest.param("save", exhausted(), marks=pytest.mark.full),
        pytest.param("save", no_space(), marks=pytest.mark.full),
        pytest.param("finish", exhausted(), marks=pytest.mark.full),
    ],
)
def test_a_disk_that_is_full_or_broken(
    trained, undisturbed, tmp_path, monkeypatch, when, error
):
    method = {"save": "save", "finish": "wait_until_finished"}[when]
    real = getattr(ocp.StandardCheckpointer, method)
    pending = [error]

    def full(*arguments, **keywords):
        folder = tmp_path / "run/checkpoints/15"
        writing = folder.exists()
        if pending and when == "save" and folder.exists():
            raise pending.pop()
        done = real(*arguments, **keywords)
        if pending and when == "finish" and writing:
            raise pending.pop()  # after all writes have ended, as in Orbax
        return done

    with monkeypatch.context() as patch:
        patch.setattr(ocp.StandardCheckpointer, method, full)
        code, out, err = trained()
    assert (code, out) == (1, "")
    (line,) = errors(err)
    said = ("checkpoint 15 was not written", "good checkpoint is 10")
    assert_says(line, "error: ", *said)
    assert re.search("/checkpoints: (No space left|Input/output error)", line)
    assert status(tmp_path / "run")["state"] == "failed"
    assert status(tmp_path / "run")["step"] == 15

    code, _, err = trained()
    assert code == 0 and "resuming from step 10" in err
    digests = [status(run)["state_digest"] for run in (tmp_path / "run", undisturbed)]
    assert digests[0] == digests[1]


@pytest.mark.parametrize(
    "first, second, said",
    [
        (no_space(), exhausted(), "error: No space left on device\n"),
        (no_space("checkpoint 5"), no_space(), "error: checkpoint 5\n"),
        (no_space(), None, "error: No space left on device\n"),
        (exhausted(), None, "error: No space left on device\n"),
        (
            OSError("128000 requested and 93152 written"),
            None,
            "error: No space left on device\n",
        ),
    ],
)
def test_full_disk_fails_whatever_is_closed_behind_it(capfd, first, second, said):
    def main(arguments):
        try:
            raise first
        finally:
            if second:
                raise second

    with pytest.raises(SystemExit) as ended:
        command_line.run(main)
    assert ended.value.code == 1
    assert capfd.readouterr() == ("", said)


def flip_a_byte(checkpoint):
    file = max((checkpoint / "state").rglob("*"), key=lambda path: path.stat().st_size)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_damaged_checkpoints(trained, undisturbed, tmp_path):
    assert trained("--config.steps=15")[0] == 0
    checkpoints = tmp_path / "run/checkpoints"
    flip_a_byte(checkpoints / "15")
    code, _, err = trained()
    assert code == 0
    assert_says(err, "checkpoint 15 is damaged", "resuming from step 10")
    runs = (tmp_path / "run", undisturbed)
    assert len({status(run)["state_digest"] for run in runs}) == 1
    assert len({(run / "metrics.jsonl").read_bytes() for run in runs}) == 1

    for step in (5, 10, 15, 20):
        flip_a_byte(checkpoints / str(step))
    before = (tmp_path / "run/config.json").read_bytes()
    code, out, err = trained("--config.steps=25")
    assert (code, out) == (2, "")
    assert_says(err, *(f"checkpoint {step} is damaged" for step in (5, 10, 15, 20)))
    (line,) = errors(err)
    assert err.endswith(line + "\n")
    assert_says(line, "error: ", str(checkpoints), "[5, 10, 15, 20]")
    assert (tmp_path / "run/config.json").read_bytes() == before


def test_divergence(trained, tmp_path):
    code, out, err = trained("--config.optimizers.generator.learning_rate=1e30")
    assert (code, out) == (1, "")
    (line,) = errors(err)
    assert_says(line, "error: training diverged, step 5: ", "nan")
    assert status(tmp_path / "run")["state"] == "failed"
    assert "step 5" in status(tmp_path / "run")["exit_reason"]
    assert (tmp_path / "run/report.html").exists()


def test_a_crash_at_step_0_is_followed_by_the_corrected_command(
    trained, undisturbed, tmp_path, monkeypatch
):
    """The wrong command fails after the folder began. The corrected command, with
    another rate and another seed, gives the run of a new folder."""
    run = tmp_path / "run"

    def crash(*arguments):
        raise KeyError("a bug")

    with monkeypatch.context() as patch, pytest.raises(KeyError, match="a bug"):
        patch.setattr("ganjax.training.trainer.dispatched_data", crash)
        trained("--config.optimizers.generator.learning_rate=0.5", "--config.seed=3")
    assert (status(run)["state"], status(run)["step"]) == ("failed", 0)
    (run / "samples/step_00000005.png").write_bytes(b"")
    assert trained()[0] == 0
    for name in ("config.json", "metrics.jsonl"):
        assert (run / name).read_bytes() == (undisturbed / name).read_bytes()
    assert status(run)["state_digest"] == status(undisturbed)["state_digest"]
    assert not (run / "samples/step_00000005.png").exists()


def test_config_change_on_purpose(trained, tmp_path):
    assert trained("--config.steps=10")[0] == 0
    faster = "--config.optimizers.generator.learning_rate=0.01"
    code, _, err = trained(faster)
    assert code == 2
    assert_says(err, "optimizers.generator.learning_rate: 0.0002 -> 0.01")
    code, _, err = trained(faster, "--allow_config_change")
    assert code == 0 and "resuming from step 10" in err
    config = json.loads((tmp_path / "run/config.json").read_text())
    assert config["optimizers"]["generator"]["learning_rate"] == 0.01

    # A change that does not fit the checkpoints is refused. The run does not change.
    wider = "--config.networks.generator.widths=32"
    before = contents(tmp_path / "run")
    code, out, err = trained(faster, "--allow_config_change", wider)
    assert (code, out) == (2, "")
    (line,) = errors(err)
    assert_says(line, "(16,)", "(32,)")
    assert contents(tmp_path / "run") == before
    code, out, _ = trained(faster)
    assert code == 0 and out.startswith("finished at step 20;")


def test_fewer_steps_than_a_run_has_taken(trained, undisturbed, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(undisturbed, run)
    (run / "status.json").write_text('{"state": "interrupted", "step": 20}')
    before = contents(run)
    code, out, err = trained("--config.steps=10")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert_says(err, "error: steps=10: expected at least 20", str(run))
    assert contents(run) == before


def test_fewer_steps_than_a_finished_run_has_taken(trained, undisturbed, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(undisturbed, run)
    before = contents(run)
    code, out, err = trained("--config.steps=10")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert_says(err, "error: steps=10: expected at least 20", str(run))
    assert contents(run) == before


def test_a_damaged_status_is_named_and_the_checkpoints_suffice(
    trained, undisturbed, tmp_path
):
    run = tmp_path / "run"
    shutil.copytree(undisturbed, run)
    (run / "status.json").write_text("[]")
    code, _, err = trained()
    assert code == 0
    assert_says(err, "status.json is damaged", "resuming from step 20")
    assert status(run)["state_digest"] == status(undisturbed)["state_digest"]


def test_a_process_of_many_needs_a_coordinator(refused, tmp_path):
    path = write_config(tmp_path)
    for flag in ("--processes=2", "--process=0"):
        assert_says(refused(f"--config={path}", flag), flag, "--coordinator")


def test_an_image_that_turns_out_damaged_fails_the_run(command, tmp_path):
    """Headers are read before training, pixels of a streamed image only when used."""
    folder = tmp_path / "images"
    for side in ("train", "test"):
        write_images(folder / side, [(8, 8)] * 3)
    damaged = folder / "train/b/1.png"
    content = bytearray(damaged.read_bytes())
    content[content.index(b"IDAT") + 6] ^= 255
    damaged.write_bytes(content)
    run = tmp_path / "run"
    code, out, err = command(
        "train", f"--workdir={run}", f"--config={write_config(tmp_path)}",
        "--config.data.name=image_folder", f"--config.data.dir={folder}",
        "--config.data.feed=streamed",
    )  # fmt: skip
    *shown, error = err.splitlines()
    assert (code, out) == (2, "") and all(line.startswith("data: ") for line in shown)
    assert_says(error, "error: ", "b/1.png")
    assert (status(run)["state"], status(run)["step"]) == ("failed", 0)
    assert "b/1.png" in status(run)["exit_reason"]
    assert (run / "config.json").exists()
