"""The authors' code, called with the inputs of a row. The modules here import torch and
the authors' repositories, so only ``scripts/make_parity.py`` imports them."""

import importlib
from collections.abc import Callable
from pathlib import Path


def all_rows() -> dict[str, tuple[str, str, Callable]]:
    """Return the functions that make the fixtures: row -> ``(module, source,
    function)``. ``source`` is a key of ``SOURCES``, or an equation. A function takes
    the folder of the clone. Modules without ``FIXTURES`` are shared by others."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        module = importlib.import_module(f"{__name__}.{path.stem}")
        for name, function in getattr(module, "FIXTURES", {}).items():
            found[name] = path.stem, module.SOURCE, function
    return found
