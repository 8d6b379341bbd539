"""Run commands as a shell runs them, but in this process."""

import runpy
import sys
from pathlib import Path

import pytest

from ganjax import command_line

SCRIPTS = Path(__file__).parents[1] / "scripts"


def exit_code(monkeypatch, script, *arguments) -> int:
    """Return the exit code of ``scripts/NAME.py`` for ``arguments``."""
    path = str(SCRIPTS / script)
    monkeypatch.setattr(sys, "argv", [path, *map(str, arguments)])
    # The tests have already set up the memory and the cache of this process.
    monkeypatch.setattr(command_line.runtime, "prepare", lambda: None)
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(path, run_name="__main__")
    return ended.value.code
