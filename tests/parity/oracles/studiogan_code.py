"""PyTorch-StudioGAN: its modules, its configs and its networks, for the oracles."""

import importlib
import importlib.abc
import importlib.machinery
import re
import sys
import types
from collections.abc import Callable
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import torch

from tests.parity import rule
from tests.parity.oracles import torch_side

SOURCE = "PyTorch-StudioGAN"
_TOPS = (
    "config", "data_util", "metrics", "models", "sync_batchnorm", "utils", "worker",
)  # fmt: skip


class _Unused(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds packages that are not installed. The code imports them, but what a row
    calls does not use them: pictures, progress bars, logs, other metrics."""

    names = (
        "PIL", "h5py", "kornia", "matplotlib", "pandas", "pkg_resources", "scipy",
        "seaborn", "sklearn", "timm", "torchvision", "tqdm", "wandb",
    )  # fmt: skip

    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in self.names:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return _Nothing(spec.name)

    def exec_module(self, module):
        module.parse_version = lambda text: [int(x) for x in re.findall(r"\d+", text)]


class _Nothing(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock()


def modules(repository: Path, *names: str) -> list[types.ModuleType]:
    """Import modules of ``src``. Modules of other repositories with these names are
    forgotten first."""
    unused, before = _Unused(), set(sys.modules)
    for name in [x for x in sys.modules if x.partition(".")[0] in _TOPS]:
        del sys.modules[name]
    sys.path.insert(0, str(repository / "src"))
    sys.meta_path.append(unused)
    try:
        return [importlib.import_module(name) for name in names]
    finally:
        sys.meta_path.remove(unused)
        sys.path.remove(str(repository / "src"))
        for name in set(sys.modules) - before:
            if isinstance(sys.modules[name], _Nothing):
                del sys.modules[name]


def config(repository: Path, name: str, **changes: object):
    """Return the config of ``src/configs/CIFAR10/NAME.yaml``, with the defaults of
    ``src/config.py``.

    Args:
      changes: ``SECTION__FIELD=value``.
    """
    (found,) = modules(repository, "config")
    made = found.Configurations(str(repository / f"src/configs/CIFAR10/{name}.yaml"))
    for path, value in changes.items():
        section, _, field = path.partition("__")
        setattr(getattr(made, section), field, value)
    made.RUN.mixed_precision = False
    return made


def fields(repository: Path, name: str) -> dict[str, np.ndarray]:
    """Return the values of a config as ``input/config/SECTION.FIELD``, without fields
    that are off, ``"N/A"``. The epsilons of Adam and batch normalisation are in the
    code."""
    made = config(repository, name)
    one = torch.nn.Linear(1, 1)
    made.define_optimizer(one, one)
    (ops,) = modules(repository, "utils.ops")
    adam = made.OPTIMIZATION.g_optimizer.defaults["eps"]
    found = {
        "input/config/adam.eps": np.asarray(adam),
        "input/config/batch_norm.eps": np.asarray(ops.batchnorm_2d(1).eps),
    }
    for section in ("DATA", "MODEL", "LOSS", "OPTIMIZATION", "PRE", "AUG"):
        for field, value in vars(getattr(made, section)).items():
            held = isinstance(value, bool | int | float | str | list)
            if held and value not in ("N/A", ["N/A"], "W/O", False):
                found[f"input/config/{section}.{field}"] = np.asarray(value)
    return found


def networks(
    repository: Path, made, values: Callable = rule.parameter
) -> tuple[torch.nn.Module, torch.nn.Module]:
    """Return the generator and the discriminator of a config, filled by the rule
    ``values`` with the prefixes ``generator.`` and ``discriminator.``."""
    (found,) = modules(repository, "models.model")
    sections = made.DATA, made.OPTIMIZATION, made.MODEL, made.STYLEGAN, made.MODULES
    generator, _, _, discriminator, *_ = found.load_generator_discriminator(
        *sections, made.RUN, "cpu", None
    )
    for player, module in (("generator", generator), ("discriminator", discriminator)):
        torch_side.fill(module, f"{player}.", values)
    return generator, discriminator
