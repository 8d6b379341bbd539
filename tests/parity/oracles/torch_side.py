"""What all oracles share: parameters by the rule, and arrays by name."""

import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import numpy as np
import torch

from tests.parity import rule


def imported(repository: Path, module: str) -> ModuleType:
    """Import a module of a repository. Modules with the same top name, and all modules
    of other clones in the same folder, are forgotten first."""
    top, clones = module.partition(".")[0], repository.parent
    for name, held in list(sys.modules.items()):
        # A folder without __init__.py has no file.
        file = getattr(held, "__file__", None) or next(
            iter(getattr(held, "__path__", ())), "."
        )
        parents = Path(file).absolute().parents
        other = clones in parents and repository not in parents
        if other or name == top or name.startswith(f"{top}."):
            del sys.modules[name]
    sys.path.insert(0, str(repository))
    try:
        return importlib.import_module(module)
    finally:
        sys.path.remove(str(repository))


def fill(
    module: torch.nn.Module, prefix: str = "", values: Callable = rule.parameter
) -> None:
    """Fill a module by rules: its parameters, and its vectors of power iterations."""
    with torch.no_grad():
        for name, value in module.named_parameters():
            made = values(prefix + name, tuple(value.shape))
            value.copy_(torch.from_numpy(np.asarray(made)))
        for name, value in _vectors(module).items():
            u = torch.from_numpy(rule.numbers(prefix + name, (value.numel(),)))
            value.copy_((u / u.norm()).reshape(value.shape))


def _vectors(module):
    """Return the vectors of power iterations by the name of their kernel. Codes that
    have no ``torch.nn.utils.spectral_norm`` name them by their layer."""
    found = {}
    for name, value in module.named_buffers():
        layer, _, kind = name.rpartition(".")
        if kind in ("weight_u", "sn_u", "u0"):
            found[f"{layer}.weight_u"] = value
    return found


def tensor(array: np.ndarray) -> torch.Tensor:
    """Return an array as a tensor."""
    return torch.from_numpy(np.array(array))


def double(array: np.ndarray) -> torch.Tensor:
    """Return an array as a tensor of float64."""
    return tensor(array).double()


def copied(networks: Mapping[str, torch.nn.Module]) -> dict[str, np.ndarray]:
    """Return copies of parameters and vectors of power iterations: ``PREFIX NAME`` ->
    array. ``networks``: prefix -> module."""
    return {
        f"{prefix}{name}": array(value).copy()
        for prefix, module in networks.items()
        for name, value in [*module.named_parameters(), *_vectors(module).items()]
    }


def moved(
    before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray], dtype=None
) -> dict[str, np.ndarray]:
    """Return ``moved/NAME`` -> how far each array moved, computed in ``dtype``."""
    return {
        f"moved/{name}": np.subtract(value, before[name], dtype=dtype)
        for name, value in after.items()
    }


def gradients(module: torch.nn.Module, prefix: str = "") -> dict[str, np.ndarray]:
    """Return the gradients of a module's parameters: ``gradient/NAME`` -> array."""
    return {
        f"gradient/{prefix}{name}": array(value.grad)
        for name, value in module.named_parameters()
        if value.grad is not None
    }


def array(value: torch.Tensor) -> np.ndarray:
    """Return a tensor as an array."""
    return value.detach().cpu().numpy()
