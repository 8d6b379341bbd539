"""Reproductions of figures and tables of papers, with claims and verdicts.

Each experiment is a package in this folder. It defines ``run(scale, seed, out) ->
results``, ``figure(results)`` and ``CLAIMS``. A claim is a statement about the results
that was fixed before the run, and the verdict says which claims hold. The README of an
experiment describes the published figure, the protocol and our results.
"""

import importlib
from types import ModuleType

from ganjax.errors import unknown

EXPERIMENTS = (
    "dirac_gan",
    "gan_numerics",
    "unrolled_gan",
    "wgan_surfaces",
    "wasserstein_duality",
    "relativistic_landscape",
    "pacgan",
    "r3gan_toy",
    "stacked_digits",
    "loss_comparison",
    "spectral_norm",
    "metric_truths",
    "augmentation_limited_data",
    "memorisation",
    "gan_augmentation",
)


def experiment(name: str) -> ModuleType:
    """Return the package of an experiment.

    Args:
      name: one of ``EXPERIMENTS``.

    Raises:
      BadInput: if no experiment has this name.
    """
    if name not in EXPERIMENTS:
        raise unknown("experiment", name, EXPERIMENTS)
    return importlib.import_module(f"{__name__}.{name}")
