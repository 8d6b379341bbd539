"""Only two modules name the files of runs. A run of another format is refused."""

import ast
import json
import re
import shutil
from pathlib import Path

import pytest

import ganjax
from ganjax.commands import evaluate, report, sample
from ganjax.config import resolve
from ganjax.errors import BadInput
from ganjax.launch import RunRequest, launch
from ganjax.run_files import FORMAT, RunFiles, read_rows, write_json, write_whole
from tests.training.test_resume import train

PACKAGE = Path(ganjax.__file__).parent
FILES = re.compile(
    r"(config|run|status|environment)\.json|(metrics|timing)\.jsonl|train\.log"
    r"|protocol-|real\.png|\bstep_(\*|$)|report\.html|\.lock"
)
FOLDERS = ("checkpoints", "best", "evaluation", "samples", "tensorboard")


def spelled(source):
    """Yield strings of a module that name a run's files, and run folders that it joins
    to a path. Docstrings do not count."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in prose and FILES.search(node.value):
                yield node.value
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            joined = getattr(node.right, "value", None)
            if isinstance(joined, str) and joined.partition("/")[0] in FOLDERS:
                yield joined


def test_what_spells_a_file_is_seen():
    source = '"""status.json"""\na = p / "best"\nb = p / "run.json"\nc = {"best": 0}\n'
    assert sorted(spelled(source)) == ["best", "run.json"]
    assert list(spelled('p.glob(f"samples/step_{n}.png")')) != []


def test_only_two_modules_spell_them():
    found = {
        str(path.relative_to(PACKAGE)): names
        for path in PACKAGE.rglob("*.py")
        if (names := list(spelled(path.read_text())))
    }
    assert sorted(found) == ["population_files.py", "run_files.py"], found


def test_a_file_is_replaced_at_once(tmp_path):
    """A reader who opened the old file reads the old text to its end."""
    path = tmp_path / "new/file.json"
    write_json(path, {"a": 1})
    with path.open() as before:
        write_whole(path, "other")
        assert json.loads(before.read()) == {"a": 1}
    assert path.read_text() == "other"
    assert [p.name for p in path.parent.iterdir()] == ["file.json"]


def test_a_half_written_row_is_not_one(tmp_path):
    (tmp_path / "rows").write_text('{"step": 1}\n{"step": 2, "x": NaN}\n{"step": 3')
    assert [row["step"] for row in read_rows(tmp_path / "rows")] == [1, 2]
    assert read_rows(tmp_path / "none") == []


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    train(folder, game="gan", steps=2, log__every=1)
    return folder


def of_format_1(folder):
    """Change ``folder`` to format 1, which has no run.json."""
    (folder / "run.json").unlink()
    (folder / "overrides.json").write_text("{}")
    return "expected a run of format 2, found format 1, written by ganjax 0.1.0$"


def of_format_9(folder):
    record = json.loads((folder / "run.json").read_text())
    assert record["format"] == FORMAT == 2
    later = {"format": 9, "ganjax": "7.5"}  # every format has these
    (folder / "run.json").write_text(json.dumps(later))
    return "expected a run of format 2, found format 9, written by ganjax 7.5$"


@pytest.mark.parametrize("other", [of_format_1, of_format_9])
def test_another_format_is_refused_in_one_line(finished, tmp_path, other):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    versions = json.loads((run / "environment.json").read_text())["versions"]
    write_json(run / "environment.json", {"versions": {**versions, "ganjax": "0.1.0"}})
    said = f"^workdir={re.escape(str(run))}: {other(run)}"
    before = {p: p.read_bytes() for p in run.rglob("*") if p.is_file()}
    for way in (
        lambda: train(run, game="gan", steps=4, log__every=1),
        lambda: train(run, game="gan", steps=2, log__every=1),
        lambda: ganjax.load(run),
        lambda: evaluate.main([f"--workdir={run}", "--metrics=modes"]),
        lambda: sample.main([f"--workdir={run}", f"--out={tmp_path / 'x.npy'}"]),
        lambda: report.main([str(run)]),
        lambda: report.main(["--compare", str(run), str(finished)]),
    ):
        with pytest.raises(BadInput, match=said):
            way()
    assert {p: p.read_bytes() for p in run.rglob("*") if p.is_file()} == before


def test_a_run_killed_before_its_config_begins_anew(finished, tmp_path):
    """run.json is written first. The folder is a run only when it has config.json."""
    run = RunFiles(tmp_path / "run")
    run.path.mkdir()
    run.record.write_bytes(RunFiles(finished).record.read_bytes())
    run.log.write_text("x\n")
    train(run.path, game="gan", steps=2, log__every=1)
    assert run.read_status()["state"] == "finished"


def test_a_folder_whose_name_is_not_utf8_is_refused_before_training(tmp_path):
    """A report contains the name, so it could not be written."""
    request = RunRequest(resolve({"steps": 1}), f"{tmp_path}/x\udcff")
    with pytest.raises(BadInput, match="expected a name in UTF-8"):
        launch(request)
