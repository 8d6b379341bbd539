"""The reproduce command: exit codes and output files."""

import json
import shutil

import pytest

from experiments import reproduction
from ganjax.commands import reproduce as script
from ganjax.errors import BadInput


@pytest.fixture
def folder(tmp_path):
    """A folder with the committed results of an experiment."""
    kept = reproduction.HERE / "dirac_gan" / "quick" / reproduction.RESULTS
    shutil.copy(kept, tmp_path)
    return tmp_path


def test_results_are_judged_again(folder, capsys):
    command = ["dirac_gan", "--judge", f"--out={folder}", "--compare"]
    assert script.main(command) == 0
    assert "the committed verdict" in capsys.readouterr().out
    assert (folder / reproduction.FIGURE).stat().st_size > 10_000
    rows = json.loads((folder / reproduction.VERDICT).read_text())
    assert all(row["passed"] is True for row in rows)


def test_a_claim_that_fails_is_exit_code_3(folder, capsys):
    path = folder / reproduction.RESULTS
    record = json.loads(path.read_text())
    record["results"]["radii"]["gan"]["simultaneous"] *= 1 + 2e-5
    path.write_text(json.dumps(record))
    command = ["dirac_gan", "--judge", f"--out={folder}", "--compare"]
    assert script.main(command) == 3
    assert "holds before, FAILS now" in capsys.readouterr().out


def test_the_list_says_what_has_run(tmp_path, monkeypatch, capsys):
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
    # This experiment has the same protocol at both scales, so one line is shown.
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
        (["dirac_gan", f"--out={__file__}"], "expected a folder, found a file"),
    ],
)
def test_bad_input(arguments, said):
    with pytest.raises(BadInput, match=said):
        script.main(arguments)
