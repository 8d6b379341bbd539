import os
import subprocess
import sys
from pathlib import Path

import pytest

from ganjax.errors import BadInput
from scripts import report as script

ROOT = Path(__file__).parents[2]


def report(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "report.py", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def test_both_spellings_say_where_the_report_is(tmp_path, capsys):
    (tmp_path / "config.json").write_text("{}")
    said = f"report: {tmp_path / 'report.html'}\n"
    done = report(tmp_path)
    assert done.returncode == 0 and done.stdout == said
    script.main([f"--workdir={tmp_path}"])
    assert capsys.readouterr().out == said


def test_errors_are_one_line_and_exit_with_2(tmp_path):
    done = report(tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    for arguments in ([str(tmp_path / "none")], [], ["--workdri=x"]):
        with pytest.raises(BadInput, match="^[^\n]+$"):
            script.main(arguments)
