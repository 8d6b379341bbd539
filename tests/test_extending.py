"""The examples of docs/extending.md work. Each example runs from a package outside of
ganjax, in the folder of a config, and each is written in one place."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ganjax
from ganjax import command_line, names
from ganjax.build import build
from ganjax.command_line import described
from ganjax.commands import describe, sample, train
from ganjax.config import declared, flatten, resolve
from ganjax.errors import BadInput
from ganjax.objectives import TERMS
from ganjax.sweeps.sweep import Sweep

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "extending.md").read_text()
SHOWN = dict(re.findall(r"```python (\w+)\n(.*?)```", TEXT, re.DOTALL))
KINDS = {
    "losses", "penalties", "terms", "networks", "data", "scores", "pictures", "games"
}  # fmt: skip

CONFIG = """
def get_config():
    return {
        "steps": 4, "batch_size": 8, "log": {"every": 2},
        "samples": {"every": 0, "count": 4}, "latents": {"size": 4},
        "game": "my_lab.games:centred",
        "data": {"name": "my_lab.data:moons", "noise": 0.1},
        "networks": {
            "generator": {"name": "my_lab.networks:Generator", "width": 8},
            "discriminator": {"name": "my_lab.networks:Discriminator"},
        },
        "loss": {"name": "my_lab.losses:exponential", "slope": 2.0},
        "regularizers": {
            "slim": {"name": "my_lab.penalties:one_sided", "weight": 0.1}
        },
        "terms": {"calm": {"name": "my_lab.terms:quiet", "weight": 0.1, "fake": 0.5}},
        "evaluation": {
            "names": ("my_lab.scores:energy", "my_lab.scores:Spread"),
            "samples": 100,
        },
        "checkpoint": {"best": "spread"},
    }


def sweep():
    return [{"terms.calm.real": value} for value in (0.5, 2.0)]
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A folder with the package of docs/extending.md and a config that uses it."""
    folder = tmp_path_factory.mktemp("experiment")
    (folder / "my_lab").mkdir()
    for name, text in SHOWN.items():
        (folder / "my_lab" / f"{name}.py").write_text(text)
    (folder / "config.py").write_text(CONFIG)
    return folder


@pytest.fixture(scope="module")
def run(lab, tmp_path_factory):
    """A run of the config, made by the command."""
    path = tmp_path_factory.mktemp("runs") / "mine"
    assert train.main([f"--config={lab / 'config.py'}", f"--workdir={path}"]) == 0
    return ganjax.load(path, trust_code=True)


def resolved(lab, **overrides):
    return resolve(command_line.load_config(str(lab / "config.py")), overrides)


def test_every_kind_is_shown():
    assert set(SHOWN) == KINDS


def test_a_run_of_it_trains_and_is_scored(run):
    names = set().union(*run.metrics)
    assert {"discriminator/slim", "discriminator/calm", "generator/centre"} <= names
    assert {"evaluation/spread", "evaluation/energy_points_100"} <= names
    assert {"evaluation/energy_points_100_floor"} <= names
    assert run.sample(0, 3).shape == (3, 2)
    assert run.path.joinpath("best").is_dir(), "spread is a score that may be the best"


def test_a_measure_and_an_evaluator_say_which_values_are_better(lab):
    evaluation = build(resolved(lab)).evaluation
    assert evaluation.direction("energy_points_100") == "lower"
    assert evaluation.direction("spread") == "higher"
    assert evaluation.direction("energy_points_100_floor") is None


@pytest.mark.parametrize(
    ("field", "value", "wrong", "expected"),
    [
        ("loss.slope", 2.0, -1.0, "above 0"),
        ("data.noise", 0.1, -0.5, "at least 0"),
        ("networks.generator.width", 8, 0, "at least 1"),
        ("terms.calm.real", 1.0, -1.0, "at least 0"),
        ("terms.calm.fake", 0.5, -1.0, "at least 0"),
        ("regularizers.slim.weight", 0.1, -1.0, "at least 0"),
        ("weights.centre", 1.0, -1.0, "at least 0"),
    ],
)
def test_an_option_declared_once_is_a_field(lab, run, capsys, field, value, wrong,
                                            expected):  # fmt: skip
    found = run.config
    for part in field.split("."):
        found = found[part]
    assert found == value
    describe.main([f"--config={lab / 'config.py'}", "--fields"])
    assert f" {field} = {value}  [{expected}]" in capsys.readouterr().out
    with pytest.raises(BadInput, match=f"{field}={wrong}: expected {expected}"):
        resolved(lab, **{field: str(wrong)})
    with pytest.raises(BadInput, match=f"did you mean '{field}'"):
        resolved(lab, **{f"{field}x": str(value)})


def test_numbers_of_a_term_are_knobs_of_the_state(run):
    numbers = {k: float(x) for k, x in run.state.knobs.items() if "calm" in k}
    assert numbers == pytest.approx(
        {"terms.calm.weight": 0.1, "terms.calm.real": 1.0, "terms.calm.fake": 0.5}
    )
    assert "loss.slope" not in run.state.knobs
    flat = dict(flatten(run.config))
    said = described(declared(flat), flat)
    assert "* terms.calm.real = 1.0  [at least 0]  weight of real logits" in said


def test_a_term_is_weighed_by_its_numbers(lab):
    """2·E D(x)² + 0.5·E D(G(z))², where D(x) is 1 and 3, and D(G(z)) is 2."""
    section = resolved(lab).terms.calm
    term = TERMS.find("terms.calm.name", section.name)

    class Judged:
        def __init__(self, logits):
            self.logits = np.array(logits)

    class TermContext:
        real_output, fake_output = Judged([1.0, 3.0]), Judged([2.0])

    value, memory = term.function(TermContext, None, {"real": 2.0, "fake": 0.5})
    assert (value, memory) == (2 * 5 + 0.5 * 4, None)


def test_a_sweep_over_it_is_one_program_with_a_table(lab, run, tmp_path):
    """A worker is another process. It finds the files in the folder of the config."""
    flags = command_line.parser("")
    file = f"--config={lab / 'config.py'}"
    _, stated, space, _ = command_line.parse_with_sweep(flags, [file])
    sweep = Sweep(stated, space, say=lambda text: None)
    assert [len(kind) for kind in sweep.kinds] == [2]
    path = tmp_path / "sweep"
    assert sweep.run(path, executor="debug", population="alone") == 0
    header, *rows = (path / "table.csv").read_text().splitlines()
    assert "terms.calm.real" in header and "spread" in header
    place = header.split(",").index("terms.calm.real")
    assert {float(row.split(",")[place]) for row in rows} == {0.5, 2.0}
    code = (
        "import sys; from ganjax.sweeps.folder import SweepFolder as Folder;"
        "folder = Folder(sys.argv[1]);"
        "print([folder.config(x).terms.calm.real for x in folder.points])"
    )
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert done.stdout == "[0.5, 2.0]\n", done.stderr


def test_a_picture(run, tmp_path, capsys):
    out = tmp_path / "histogram.png"
    mode = "--mode=my_lab.pictures:first_coordinates"
    flags = [f"--workdir={run.path}", mode, "--n=50", f"--out={out}", "--trust_code"]
    assert sample.main(flags) == 0
    assert Image.open(out).size == (400, 300)
    with pytest.raises(
        BadInput, match="--reach=2.0: expected a mode that uses this option"
    ):
        sample.main([*flags, "--reach=2.0"])


def test_a_resumed_run_goes_on(lab, run):
    """The same command with more steps: the run has recorded the code it began with."""
    code = json.loads((run.path / "run.json").read_text())["code"]
    assert str(lab) in code["folders"]
    assert set(code["sources"]) == {
        "my_lab.games:centred", "my_lab.data:moons", "my_lab.networks:Generator",
        "my_lab.networks:Discriminator", "my_lab.losses:exponential",
        "my_lab.penalties:one_sided", "my_lab.terms:quiet", "my_lab.scores:energy",
        "my_lab.scores:Spread",
    }  # fmt: skip
    flags = [f"--config={lab / 'config.py'}", f"--workdir={run.path}"]
    assert train.main([*flags, "--config.steps=6"]) == 0
    assert int(ganjax.load(run.path, trust_code=True).state.step) == 6


WRONG = {
    "my_lab.lossess:exponential": "there is no module my_lab.lossess",
    "no_such_lab:loss": "there is no module no_such_lab",
    "my_lab.losses:exponentiel": "there is no exponentiel in my_lab.losses; did you "
    "mean 'exponential'?",
    "my_lab.terms:quiet": "expected a Loss, found a Term",
    "os:sep": "expected a Loss, found a str",
    "my_lab.raises:loss": "line 1: ZeroDivisionError: division by zero",
    "my_lab.exits:loss": "SystemExit: 3",
    "my_lab.broken:loss": "SyntaxError",
    "my_lab.needs:loss": "ModuleNotFoundError: No module named 'not_there'",
    "../evil:loss": "expected one of hinge",
    "my_lab.losses": "expected one of hinge",
}


@pytest.mark.parametrize("path", WRONG)
def test_a_wrong_or_hostile_path_is_one_line(lab, path, monkeypatch, capfd):
    bad = {
        "raises": "1 / 0", "exits": "raise SystemExit(3)", "broken": "def (",
        "needs": "import not_there",
    }  # fmt: skip
    for name, text in bad.items():
        (lab / "my_lab" / f"{name}.py").write_text(text)
    flags = [f"--config={lab / 'config.py'}", "--workdir=/nowhere"]
    monkeypatch.setattr(sys, "argv", ["train", *flags, f"--config.loss.name={path}"])
    with pytest.raises(SystemExit) as ended:
        command_line.run(train.main)
    out, err = capfd.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert err.startswith(f"error: loss.name='{path}': ") and err.count("\n") == 1
    assert WRONG[path] in err


WRONG_KIND = """
import flax.linen as nn


def two(a, b):
    return 1 / 0


class Nothing:
    pass


class NoCall(nn.Module):
    shape: tuple = ()


def one(x):
    return x
"""
# Field -> the objects that are no component of its kind, and other fields to state.
KIND = {
    "loss.name": (("two", "one"), {}),
    "game": (("two", "one"), {}),
    "dynamics.name": (("two", "one"), {}),
    "terms.a.name": (("two", "one", "Nothing"), {"terms": {"a": {"weight": 1.0}}}),
    "regularizers.a.name": (("two", "Nothing"), {}),
    "networks.generator.name": (("two", "NoCall", "Nothing"), {}),
    "optimizers.generator.name": (("two", "Nothing"), {}),
    "latents.name": (("one", "Nothing"), {}),
    "schedules.a.shape": (
        ("two", "Nothing"),
        {"schedules": {"a": {"knobs": "ema.decay", "end": 0.5}}},
    ),
    "data.name": (("two", "one", "Nothing"), {}),
    "evaluation.extractor": (
        ("one", "Nothing"),
        {"evaluation": {"names": ("kernel",)}},
    ),
    "augmentation.names": (("two", "Nothing"), {"data": {"name": "digits"}}),
}


@pytest.mark.parametrize(
    ("field", "name"),
    [(field, name) for field, (found, _) in KIND.items() for name in found],
)
def test_a_component_of_another_kind_is_one_line(lab, field, name):
    """A function with another signature is refused before it is called."""
    (lab / "my_lab" / "wrong.py").write_text(WRONG_KIND)
    names.beside(lab)
    path = f"my_lab.wrong:{name}"
    with pytest.raises(BadInput, match=re.escape(f"{field}='{path}'")) as refused:
        build(resolve(KIND[field][1], {field: path}))
    assert "expected a" in str(refused.value) and "\n" not in str(refused.value)


BUGS = {
    "loss.name": ("def bug():\n    return {}['no key']\n", KeyError),
    "networks.generator.name": (
        "import flax.linen as nn\n\n\nclass bug(nn.Module):\n    shape: tuple\n\n"
        "    @nn.compact\n    def __call__(self, z, *, train):\n"
        "        return nn.Dense(3)(z) @ nn.Dense(2)(z)\n",
        TypeError,
    ),
    "game": (
        "from ganjax.games import GAMES\nfrom dataclasses import replace\n\n\n"
        "def make(parts):\n    raise ValueError('mine')\n\n\n"
        "bug = replace(GAMES['gan'], make=make)\n",
        ValueError,
    ),
}


@pytest.mark.parametrize("field", BUGS)
def test_a_bug_in_the_users_code_has_its_traceback(lab, field):
    text, error = BUGS[field]
    module = f"bug_{field.partition('.')[0]}"
    (lab / "my_lab" / f"{module}.py").write_text(text)
    with pytest.raises(error) as raised:
        build(resolved(lab, **{field: f"my_lab.{module}:bug"}))
    files = [str(entry.path) for entry in raised.traceback]
    assert any(file.endswith(f"{module}.py") for file in files)


def test_import_is_quick_and_starts_no_backend():
    code = (
        "import sys, ganjax; ganjax.BadInput; assert 'jax' not in sys.modules;"
        "import jax; ganjax.Model, ganjax.compile_step, ganjax.resolve;"
        "from jax._src import xla_bridge; assert not xla_bridge._backends"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize("name", ganjax.__all__)
def test_every_public_name_is_there(name):
    found = getattr(ganjax, name)
    assert callable(found) or found is sys.modules[f"ganjax.{name}"]


@pytest.mark.parametrize("name", ["dirac_gan", "own_loop"])
def test_examples_run(name, tmp_path):
    out = tmp_path / "picture.png"
    text = (ROOT / "examples" / f"{name}.py").read_text()
    # The loop of the example is shortened. A person checks the picture of a full run.
    text = text.replace("STEPS, BATCH = 3000, 128", "STEPS, BATCH = 4, 8")
    (tmp_path / f"{name}.py").write_text(text)
    command = [sys.executable, str(tmp_path / f"{name}.py"), str(out)]
    subprocess.run(command, check=True, cwd=ROOT, env=environment())
    assert Image.open(out).size == (640, 480)


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def test_help_lists_the_fields(capsys):
    with pytest.raises(SystemExit):
        train.main(["--help"])
    said = capsys.readouterr().out
    assert "* ema.decay = 0.999  [at least 0 and below 1]  decay per step" in said
    assert "loss.name = non_saturating  ['minimax', 'non_saturating'" in said


def test_the_game_by_hand_is_short():
    assert len((ROOT / "examples/dirac_gan.py").read_text().splitlines()) <= 40


def test_the_code_of_the_readme_runs(tmp_path):
    """The run gives 64 points, and the loss of the second block trains by its path."""
    text = (ROOT / "README.md").read_text()
    run, loss = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "my_losses.py").write_text(loss)
    code = run.replace('"steps": 200', '"steps": 2, "batch_size": 8')
    code += (
        "assert points.shape == (64, 2)\nfrom ganjax.names import beside\nbeside('.')\n"
        "loss = {'loss': {'name': 'my_losses:exponential'}}\n"
        "own = {'steps': 2, 'batch_size': 8, 'data': {'name': 'ring8'}, **loss}\n"
        "assert ganjax.train(own, 'runs/own').metrics[-1]['step'] == 2\n"
    )
    command = [sys.executable, "-c", code]
    subprocess.run(command, check=True, cwd=tmp_path, env=environment())
