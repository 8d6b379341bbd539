"""The command ``ganjax``, from the checkout and from an installed wheel."""

import importlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import warnings
from pathlib import Path

import pytest

import ganjax
from ganjax import command_line, commands, shipped
from ganjax.commands import describe
from tests.commands import SCRIPTS

ROOT = Path(__file__).parents[1]


def test_help_fits_a_screen(capsys):
    assert commands.main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) <= 80
    for name in commands.COMMANDS:
        assert sum(line.split()[:1] == [name] for line in lines) == 1
    assert commands.main([]) == 0


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_a_command_has_its_line_and_its_script(name, capsys):
    module = importlib.import_module(f"ganjax.commands.{name}")
    assert module.__doc__.splitlines()[0] == commands.COMMANDS[name]
    with pytest.raises(SystemExit) as ended:
        module.main(["--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: ganjax {name} ")
    script = SCRIPTS / ("prepare_data.py" if name == "prepare" else f"{name}.py")
    assert f'main(["{name}", *sys.argv[1:]])' in script.read_text()


def test_an_unknown_command_is_one_line(capsys):
    assert commands.main(["trian", "--config=ring8"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith("error: COMMAND='trian': expected one of anomalies, ")
    assert "did you mean 'train'?" in err


def test_a_warning_is_one_line_and_printed_once(capsys, monkeypatch):
    monkeypatch.setattr(command_line.runtime, "prepare", lambda: None)

    def main(arguments):
        for text in ("few samples:\n  noisy", "few samples:\n  noisy", "other"):
            warnings.warn(text, stacklevel=1)

    with pytest.raises(SystemExit) as ended:
        command_line.run(main, [])
    assert ended.value.code == 0
    expected = "warning: few samples: noisy\nwarning: other\n"
    assert capsys.readouterr() == ("", expected)


def test_the_version(capsys):
    assert commands.main(["--version"]) == 0
    assert capsys.readouterr().out == f"ganjax {ganjax.__version__}\n"


def test_help_imports_no_jax():
    code = (
        "import sys; from ganjax.commands import main; main(['--help']);"
        "sys.exit('jax' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_a_locale_without_unicode():
    """The shipped configs and the files of ganjax are UTF-8 in every locale."""
    done = subprocess.run(
        [sys.executable, "-m", "ganjax", "describe", "--config=ring8"],
        env=os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        cwd=ROOT,
        capture_output=True,
    )
    assert done.returncode == 0 and not done.stderr
    assert b"game gan on ring8" in done.stdout


def test_a_shipped_config_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    by_name = ganjax.command_line.load_config("ring8")
    assert by_name == ganjax.command_line.load_config(f"{ROOT}/configs/ring8.py")
    assert ganjax.command_line.load_config("sweeps/ring_losses").steps == 5000
    tiny = ganjax.command_line.load_config("biggan_cifar10:tiny")
    assert tiny != ganjax.command_line.load_config("biggan_cifar10")


@pytest.mark.parametrize(
    "name, meant",
    [
        ("rng8", "ring8"),
        ("configs/ring8.py", "ring8"),
        ("sweeps/rng_losses", "sweeps/ring_losses"),
        ("images", None),
    ],
)
def test_an_unknown_config_is_one_line(name, meant, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ganjax.BadInput, match=f"^--config={name}: expected .*$") as e:
        ganjax.command_line.load_config(name)
    assert meant is None or f"did you mean '{meant}'?" in str(e.value)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("none.py", "def get_config():\n    pass\n", "a dict, found NoneType"),
        ("exits.py", "import sys\nsys.exit(0)\n", "line 2: SystemExit: 0"),
        (
            "plain.py:",
            "def get_config():\n    return {}\n",
            "an argument after the colon",
        ),
        ("folder.py", None, "expected a file, found a folder"),
    ],
)
def test_a_config_file_that_gives_no_config(name, text, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name.rstrip(":")
    path.mkdir() if text is None else path.write_text(text)
    with pytest.raises(ganjax.BadInput, match=f"^--config={name}: .*{says}.*$"):
        ganjax.command_line.load_config(name)


def test_shipped_configs_are_listed(capsys):
    assert describe.main(["--axis=configs"]) == 0
    # Lines about parity are indented further.
    lines = [x for x in capsys.readouterr().out.splitlines() if x[:3].strip()]
    listed = {line.split()[0] for line in lines}
    assert listed == {"configs", *shipped.configs()}
    assert {"ring8", "quickstart", "sweeps/ring_losses"} < listed


# --- From a wheel ---------------------------------------------------------------------

SWEEP = """
from ganjax.configs import ring8
from ganjax.space import seeds

get_config = ring8.get_config


def sweep():
    return seeds(2)
"""
SHORT = (
    "--config.steps=20", "--config.log.every=10", "--config.checkpoint.every=10",
    "--config.samples.every=0", "--config.evaluation.every=0",
    "--config.parallel.inner_steps=10",
)  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """``bin/`` of a new environment with the wheel and the installed libraries."""
    top = tmp_path_factory.mktemp("wheel")
    source, pip = top / "source", [sys.executable, "-m", "pip", "--quiet"]
    unwanted = shutil.ignore_patterns("__pycache__")
    for name in ("ganjax", "configs", "experiments"):
        shutil.copytree(ROOT / name, source / name, ignore=unwanted)
    for name in ("pyproject.toml", "setup.py", "requirements.txt", "README.md"):
        shutil.copy(ROOT / name, source)
    shutil.copy(ROOT / "LICENSE", source)
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", f"--wheel-dir={top}"]
    subprocess.run([*build, str(source)], check=True)
    (wheel,) = top.glob("*.whl")
    assert wheel.stat().st_size < 4e6
    home = top / "environment"
    venv.create(home)
    into = [*pip, f"--python={home / 'bin/python'}", "install", "--no-deps"]
    subprocess.run([*into, str(wheel)], check=True)
    names = {"base": str(home), "platbase": str(home)}
    library = Path(sysconfig.get_path("purelib", vars=names))
    (library / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    tops = {path.name for path in library.iterdir() if path.is_dir()}
    assert tops == {"ganjax", f"ganjax-{ganjax.__version__}.dist-info"}
    assert (library / "ganjax/py.typed").exists()
    return home / "bin"


@pytest.mark.full
def test_every_command_works_from_a_wheel_in_an_empty_folder(installed, tmp_path):
    def run(*arguments, code=0, command=(installed / "ganjax",)):
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        done = subprocess.run(
            [*map(str, command), *arguments], cwd=tmp_path, env=kept, text=True,
            capture_output=True, timeout=600,
        )  # fmt: skip
        print("ganjax", *arguments, "->", done.returncode)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    run("--help")
    assert run("--version") == f"ganjax {ganjax.__version__}\n"
    run("trian", code=2)
    train = ("train", "--config=ring8", "--workdir=runs/ring8", *SHORT)
    assert "finished at step 20" in run(*train)
    assert "finished at step 20" in run(*train)
    longer = [flag.replace("steps=20", "steps=40") for flag in train]
    longer.append("--config.schedules.decay.steps=20")  # the length that it had
    as_module = (installed / "python", "-m", "ganjax")
    assert "finished at step 40" in run(*longer, command=as_module)
    record = json.loads((tmp_path / "runs/ring8/run.json").read_text())
    assert record["command"].startswith("ganjax train --config=ring8")
    run("train", "--config=rng8", "--workdir=runs/other", code=2)

    run("sample", "--workdir=runs/ring8", "--n=8", "--out=ring.npy")
    assert (tmp_path / "ring.npy").exists()
    run("evaluate", "--workdir=runs/ring8", "--metrics=modes", "--samples=200")
    run("report", "runs/ring8")
    assert (tmp_path / "runs/ring8/report.html").exists()

    (tmp_path / "two_seeds.py").write_text(SWEEP)
    sweep = ("sweep", "--config=two_seeds.py", "--workdir=runs/seeds", *SHORT)
    alone = run(*sweep, "--print_commands").splitlines()
    assert [line.split()[:2] for line in alone] == [["ganjax", "train"]] * 2
    run(*sweep)
    states = [
        json.loads(path.read_text())["state"]
        for path in (tmp_path / "runs/seeds/trials").glob("*/status.json")
    ]
    assert states == ["finished"] * 2
    run("report", "runs/seeds")
    listed = run("sweep", "--config=sweeps/ring_losses", "--workdir=x", "--dry_run")
    assert listed.startswith("56 trials in 7 programs")

    assert "dirac_gan" in run("reproduce", "--list")
    run("reproduce", "dirac_gan", "--compare")
    assert "sweeps/ring_losses" in run("describe")
    run("describe", "--config=conditional_ring8")
    run("prepare", "mnits", code=2)
