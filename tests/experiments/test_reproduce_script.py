"""The command that reproduces: exit codes, and what it leaves."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from experiments import reproduction
from ganjax.errors import BadInput

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script():
    path = ROOT / "scripts" / "reproduce.py"
    spec = importlib.util.spec_from_file_location("reproduce", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path):
    """What the repository holds of an experiment."""
    kept = reproduction.HERE / "dirac_gan" / "quick" / reproduction.RESULTS
    shutil.copy(kept, tmp_path)
    return tmp_path


def test_results_are_judged_again(script, folder, capsys):
    command = ["dirac_gan", "--judge", f"--out={folder}", "--compare"]
    assert script.main(command) == 0
    assert "the committed verdict" in capsys.readouterr().out
    assert (folder / reproduction.FIGURE).stat().st_size > 10_000
    rows = json.loads((folder / reproduction.VERDICT).read_text())
    assert all(row["passed"] is True for row in rows)


def test_a_claim_that_fails_is_exit_code_3(script, folder, capsys):
    path = folder / reproduction.RESULTS
    record = json.loads(path.read_text())
    record["results"]["radii"]["gan"]["simultaneous"] *= 1 + 2e-5
    path.write_text(json.dumps(record))
    command = ["dirac_gan", "--judge", f"--out={folder}"]
    assert script.main(command) == 3
    assert "FAILS   gan, simultaneous: radius" in capsys.readouterr().out
    assert script.main([*command, "--compare"]) == 3
    assert "holds before, FAILS now" in capsys.readouterr().out


def test_the_list_says_what_has_run(script, tmp_path, monkeypatch, capsys):
    kept = tmp_path / "gan_numerics" / "quick"
    kept.mkdir(parents=True)
    passed = [{"passed": value} for value in (True, False, True, "not run")]
    (kept / reproduction.VERDICT).write_text(json.dumps(passed))
    monkeypatch.setattr(reproduction, "HERE", tmp_path)
    assert script.main(["--list"]) == 0
    said = capsys.readouterr().out.splitlines()
    place = next(i for i, line in enumerate(said) if line.startswith("gan_numerics"))
    assert said[place + 1].strip() == "quick: 2 of 3 claims hold"
    assert said[place + 2].strip() == "paper: not run"
    # Its one protocol is the paper's.
    place = next(i for i, line in enumerate(said) if line.startswith("dirac_gan"))
    assert said[place + 1].strip() == "quick: not run"
    assert said[place + 2].startswith("gan_numerics")


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["dirac_gna"], "did you mean 'dirac_gan'"),
        (["dirac_gan", "--scale=papr"], "--scale='papr': expected one of paper, quick"),
        ([], "expected an experiment or --all"),
        (["dirac_gan", "--all"], "expected an experiment or --all"),
        (["dirac_gan", "--seed=-1"], "--seed=-1: expected 0 to"),
        (["dirac_gan", "--judge", "--out=nowhere"], "expected a results.json in it"),
    ],
)
def test_bad_input(script, arguments, said):
    with pytest.raises(BadInput, match=said):
        script.main(arguments)
