"""What all oracles share: parameters by the rule, and arrays by name."""

import importlib
import sys
from collections.abc import Callable
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
        file = Path(getattr(held, "__file__", None) or ".").absolute()
        other = clones in file.parents and repository not in file.parents
        if other or name == top or name.startswith(f"{top}."):
            del sys.modules[name]
    sys.path.insert(0, str(repository))
    try:
        return importlib.import_module(module)
    finally:
        sys.path.remove(str(repository))


def fill(
    module: torch.nn.Module,
    prefix: str = "",
    unit: bool = False,
    values: Callable = rule.parameter,
) -> None:
    """Fill the parameters of a module by a rule, ``rule.parameter`` or another one."""
    with torch.no_grad():
        for name, value in module.named_parameters():
            made = values(prefix + name, tuple(value.shape), unit)
            value.copy_(torch.from_numpy(np.asarray(made)))


def tensor(array: np.ndarray) -> torch.Tensor:
    """Return an array as a tensor."""
    return torch.from_numpy(np.array(array))


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
