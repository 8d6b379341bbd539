"""What losses and terms of one turn see."""

from typing import Any

import jax
import jax.numpy as jnp

from ganjax.core import View
from ganjax.networks.heads import CriticOutput
from ganjax.objectives import TermContext
from tests.parity.networks import AXIS


def view(params=None, step=0, **fields) -> View:
    """Return a view of one turn. Fields that are not given are empty."""
    empty: dict[str, Any] = {name: {} for name in ("networks", "variables", "memory")}
    given = {"params": params or {}, "knobs": {}, "batch": None, **empty, **fields}
    return View(axis=AXIS, key=jax.random.key(0), step=jnp.asarray(step), **given)


def context(real=None, fake=None, **fields) -> TermContext:
    """Return the context of a term. ``real`` and ``fake`` are logits of samples that
    are these numbers."""
    outputs = [None if x is None else CriticOutput(x) for x in (real, fake)]
    return TermContext(
        "discriminator", real, fake, *outputs, lambda *_: None, None,
        **{"generator": "generator", **fields},
    )  # fmt: skip
