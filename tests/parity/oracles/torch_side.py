"""What all oracles share: parameters by the rule, and arrays by name."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import torch

from tests.parity import rule


def imported(repository: Path, module: str) -> ModuleType:
    """Import a module of a repository. Modules of other repositories with the same top
    name are forgotten first."""
    top = module.partition(".")[0]
    for name in [x for x in sys.modules if x == top or x.startswith(f"{top}.")]:
        del sys.modules[name]
    sys.path.insert(0, str(repository))
    try:
        return importlib.import_module(module)
    finally:
        sys.path.remove(str(repository))


def fill(module: torch.nn.Module, prefix: str = "", unit: bool = False) -> None:
    """Fill the parameters of a module by the rule."""
    with torch.no_grad():
        for name, value in module.named_parameters():
            made = rule.parameter(prefix + name, tuple(value.shape), unit)
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
