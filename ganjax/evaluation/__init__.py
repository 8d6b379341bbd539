"""Evaluators by name: ``(game, source, samples=…, seed=…)`` with ``run(state)`` that
yields ``(name, value)``. They see the averaged parameters and the held-out data."""

from ganjax.evaluation.modes import Modes
from ganjax.evaluation.pixels import Pixels
from ganjax.evaluation.sampling import draw, held_out

EVALUATORS = {
    "modes": Modes,
    "pixels": Pixels,
}

__all__ = ["EVALUATORS", "draw", "held_out"]
