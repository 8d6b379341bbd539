"""Adversarial losses of given logits by the equations of their papers, in float64."""

import functools

import jax
import numpy as np

from ganjax.objectives import LOSSES
from tests.parity import rule
from tests.parity.networks import on_one_device
from tests.parity.row import Row

SOURCES = {
    "minimax": "arXiv 1406.2661, eq. 1",
    "non_saturating": "arXiv 1406.2661, section 3",
    "least_squares": "arXiv 1611.04076, eq. 9",
    "least_squares_unhalved": "arXiv 1703.10593, section 4",
    "wasserstein": "arXiv 1701.07875, eq. 3",
    "hinge": "arXiv 1802.05957, eqs. 16 and 17",
    "relativistic_pairing": "arXiv 1807.00734, section 4.1 (RSGAN)",
    "relativistic_average": "arXiv 1807.00734, section 4.2 (RaSGAN)",
}


def logits() -> tuple[np.ndarray, np.ndarray]:
    """Return logits of real and of generated samples, ``[7]``."""
    real, fake = (rule.numbers(f"logits/{x}", (7,), 2.0) for x in ("real", "fake"))
    return real, fake


def loss(name, fixture):
    found = {}
    for player in ("discriminator", "generator"):
        both = jax.value_and_grad(getattr(LOSSES[name], player), (0, 1))
        found[f"loss/{player}"], slopes = on_one_device(both, *logits())
        for side, slope in zip(("real", "fake"), slopes, strict=True):
            found[f"gradient/{player}/{side}"] = slope
    return found


ROWS = [
    Row(
        f"loss_{name}",
        (("losses", name),),
        source,
        "losses of both players and their gradients by the logits",
        functools.partial(loss, name),
    )
    for name, source in SOURCES.items()
]
