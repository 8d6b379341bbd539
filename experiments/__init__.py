"""Figures and tables of papers, each with its protocol, its claims and a verdict.

An experiment is a package here with ``run(scale, seed, out) -> results``,
``figure(results)`` and ``CLAIMS``; its README says what it reproduces and what came
out.
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
)


def experiment(name: str) -> ModuleType:
    """The package of an experiment.

    Raises:
      BadInput: if there is none of that name.
    """
    if name not in EXPERIMENTS:
        raise unknown("experiment", name, EXPERIMENTS)
    return importlib.import_module(f"experiments.{name}")
