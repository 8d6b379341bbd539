"""The benchmark command: wrong names, one complete row, and ``--show`` of a record."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.child import Child
from ganjax.errors import BadInput
from tests.commands import exit_code

ROOT = Path(__file__).parents[2]


def command(*arguments):
    environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
    return subprocess.run(
        [sys.executable, "scripts/benchmark.py", *arguments],
        cwd=ROOT,
        env={**environment, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
    )


def _script():
    path = ROOT / "scripts" / "benchmark.py"
    spec = importlib.util.spec_from_file_location("benchmark", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


@pytest.mark.parametrize(
    ("flag", "says"),
    [
        ("--rows=dcgam", "--rows='dcgam': expected one of"),
        ("--peer=torhc", "did you mean 'torch'?"),
        ("--row=dcgan", "did you mean '--rows'?"),
        ("--windows=0", "expected at least 1"),
        ("--cases=bfloat:64", "did you mean 'bfloat16'?"),
        ("--cases=float32", "expected PRECISION:BATCH"),
        ("--show=none.json", "expected a record"),
        ("--out=none.txt", "ends in .json"),
    ],
)
def test_bad_input_is_refused(flag, says):
    with pytest.raises(BadInput, match=re.escape(says)):
        _script().main([flag])


def test_bad_input_is_one_line_and_exit_code_2(monkeypatch, capsys):
    assert exit_code(monkeypatch, "benchmark.py", "--rows=dcgam") == 2
    out, err = capsys.readouterr()
    assert out == "" and "--rows='dcgam'" in err and err.count("\n") == 1


@pytest.mark.full
def test_a_quick_row_is_recorded_and_shown_again(tmp_path, capsys):
    out = tmp_path / "record.json"
    done = command("--quick", "--windows=1", "--rows=frechet", f"--out={out}")
    assert done.returncode == 0, done.stderr
    record = json.loads(out.read_text())
    assert set(record) >= {"hardware", "versions", "revision", "rows"}
    (part,) = record["rows"]["frechet"]["parts"]
    assert len(part["measured"]["scipy sqrtm"]["samples"]) == 1
    _script().main([f"--show={out}"])
    assert capsys.readouterr().out == done.stdout


def test_a_child_answers_and_its_failure_is_noticed():
    with Child("builtins:list", {}) as child:
        assert child.ask("append", 3) is None
        assert child.ask("copy") == [3]
    with (
        pytest.raises(RuntimeError, match="child process"),
        Child("builtins:list", {}) as child,
    ):
        child.ask("no_such_method")
