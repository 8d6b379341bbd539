"""The configs and experiments that ganjax ships.

The package contains both where it was installed from a wheel. In a checkout, both are
in the root of the repository.
"""

import ast
import importlib
import sys
from pathlib import Path
from types import ModuleType

_PACKAGE = Path(__file__).parent


def configs() -> dict[str, Path]:
    """Return the configs that ganjax ships: name -> file. A name is ``NAME`` or
    ``sweeps/NAME``."""
    top = _parent("configs") / "configs"
    files = [*sorted(top.glob("*.py")), *sorted(top.glob("sweeps/*.py"))]
    return {
        file.relative_to(top).with_suffix("").as_posix(): file
        for file in files
        if "def get_config" in file.read_text(encoding="utf-8")
    }


def summaries() -> dict[str, str]:
    """Return the docstrings of the configs that ganjax ships: name -> text."""
    parsed = {
        name: ast.parse(file.read_text(encoding="utf-8"))
        for name, file in configs().items()
    }
    return {name: ast.get_docstring(tree) or "" for name, tree in parsed.items()}


def experiments(module: str = "") -> ModuleType:
    """Return the package of experiments, or its module ``module`` if this is given."""
    parent, package = _parent("experiments"), "ganjax.experiments"
    if parent != _PACKAGE:
        package = "experiments"
        if str(parent) not in sys.path:
            sys.path.insert(0, str(parent))
    return importlib.import_module(f"{package}.{module}" if module else package)


def _parent(folder):
    return _PACKAGE if (_PACKAGE / folder).is_dir() else _PACKAGE.parent
