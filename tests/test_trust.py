"""Code that a run names: stored with its SHA-256, compared, and run after consent."""

import hashlib
import json
import subprocess
import sys

import pytest

import ganjax
from ganjax import names
from ganjax.config import resolve
from ganjax.errors import BadInput
from ganjax.launch import RunRequest, launch
from ganjax.run_files import RunFiles
from tests import tiny

LOSS = """
from pathlib import Path

import jax.numpy as jnp

from ganjax.objectives.losses import LOSSES

(Path(__file__).parent / "imported").touch()
mine = LOSSES["hinge"]
"""
SHORT = {"batch_size": 8, "steps": 2, "log": {"every": 1},
         "samples": {"every": 0, "count": 4}}  # fmt: skip


@pytest.fixture
def lab(tmp_path, monkeypatch, request):
    """A module of a user in the folder of a config. No other test has a module of this
    name, and the process forgets the module afterwards."""
    name = f"lab_{hashlib.md5(request.node.name.encode()).hexdigest()[:8]}"
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / f"{name}.py").write_text(LOSS)
    monkeypatch.setattr(names, "_folders", [])
    monkeypatch.setattr(names, "_imported", set(names._imported))
    yield folder / f"{name}.py", f"{name}:mine"
    sys.modules.pop(name, None)


def config(path, **more):
    return resolve({**SHORT, **tiny.GAMES["gan"], "loss": {"name": path}, **more})


def forget(file):
    """Reset this process to the state before it ran the code."""
    sys.modules.pop(file.stem, None)
    names._imported.discard(f"{file.stem}:mine")
    names._folders.clear()
    (file.parent / "imported").unlink(missing_ok=True)


@pytest.fixture
def run(lab, tmp_path):
    file, path = lab
    names.beside(file.parent)
    assert launch(RunRequest(config(path), tmp_path / "run"))["state"] == "finished"
    return tmp_path / "run"


def test_the_source_is_kept_with_its_digest(lab, run):
    file, path = lab
    record = json.loads((run / "run.json").read_text())
    digest = subprocess.run(["sha256sum", file], capture_output=True, text=True)
    assert record["code"] == {
        "folders": [str(file.parent)],
        "sources": {path: {"file": str(file), "sha256": digest.stdout.split()[0]}},
    }


def test_another_process_needs_consent(lab, run):
    file, path = lab
    forget(file)
    with pytest.raises(BadInput, match=f"loss.name='{path}': .*{run}.*trust_code=True"):
        ganjax.load(run)
    assert not (file.parent / "imported").exists()
    assert ganjax.load(run, trust_code=True).sample(0, 4).shape == (4, 2)
    assert (file.parent / "imported").exists()
    ganjax.load(run)  # this process has consent now


def test_nothing_of_a_foreign_run_is_resolved_when_a_config_is_compared(lab, tmp_path):
    """The workdir has a run that names code, and the new config is different. Comparing
    the texts is enough to refuse it."""
    file, path = lab
    stated = resolve({**SHORT, **tiny.GAMES["gan"]}).to_dict()
    stated["loss"]["name"] = path
    code = {"folders": [str(file.parent)], "sources": {}}
    RunFiles(tmp_path / "run").describe(stated, code=code)
    (tmp_path / "run/status.json").write_text('{"state": "interrupted", "step": 1}')
    with pytest.raises(BadInput, match=f"loss.name: {path} -> non_saturating"):
        launch(RunRequest(config("non_saturating"), tmp_path / "run"))
    assert file.stem not in sys.modules
    assert not (file.parent / "imported").exists()


def test_another_runs_parameters_bring_no_code(lab, run, tmp_path):
    file, path = lab
    forget(file)
    begun = config("hinge", start={"workdir": str(run)})
    with pytest.raises(BadInput, match=f"loss.name='{path}': expected consent"):
        launch(RunRequest(begun, tmp_path / "begun"))
    assert not (file.parent / "imported").exists()
    assert not (tmp_path / "begun" / "config.json").exists()


def test_a_source_that_changed_is_refused_and_may_be_overridden(lab, run):
    file, path = lab
    file.write_text(LOSS + "# another loss\n")
    longer = config(path, steps=4)
    with pytest.raises(BadInput, match=f"code {path}: source changed since the run"):
        launch(RunRequest(longer, run))
    with pytest.raises(BadInput, match=f"the source of {path} changed since the run"):
        ganjax.load(run, trust_code=True)
    assert json.loads((run / "status.json").read_text())["step"] == 2
    done = launch(RunRequest(longer, run), allow_config_change=True)
    assert (done["state"], done["step"]) == ("finished", 4)
    assert int(ganjax.load(run).state.step) == 4


def test_a_source_that_changed_does_not_run(lab, run):
    file, path = lab
    file.write_text(LOSS + "# another loss\n")
    forget(file)
    with pytest.raises(BadInput, match=f"the source of {path} changed since the run"):
        ganjax.load(run, trust_code=True)
    assert not (file.parent / "imported").exists()
