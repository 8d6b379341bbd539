"""What a run is judged by. An evaluator is made from an ``Exhibit`` and has
``run(state)`` that yields ``(name, value)``; scores are kept with their protocol."""

import contextlib
from collections.abc import Sequence
from typing import Any

from ganjax.core import GameState
from ganjax.errors import BadInput
from ganjax.evaluation.classes import Classes
from ganjax.evaluation.classification import Classification
from ganjax.evaluation.compared import COMPARED
from ganjax.evaluation.copies import Copies
from ganjax.evaluation.critics import Critic
from ganjax.evaluation.exhibit import Exhibit, Side, as_bytes
from ganjax.evaluation.inference import (
    Anomalies,
    Codes,
    Labels,
    Latents,
    Reconstruction,
)
from ganjax.evaluation.inversion import Inversion, invert
from ganjax.evaluation.modes import Modes
from ganjax.evaluation.parzen import Parzen
from ganjax.evaluation.paths import Interpolations, Paths
from ganjax.evaluation.pixels import Pixels
from ganjax.evaluation.protocol import protocol_of
from ganjax.evaluation.sampling import draw, held_out
from ganjax.evaluation.translation import Restoration, Translation

EVALUATORS = {
    "modes": Modes,
    "pixels": Pixels,
    "classes": Classes,
    "classification": Classification,
    "copies": Copies,
    "critic": Critic,
    "paths": Paths,
    "interpolations": Interpolations,
    "inversion": Inversion,
    "parzen": Parzen,
    "reconstruction": Reconstruction,
    "latents": Latents,
    "codes": Codes,
    "labels": Labels,
    "anomalies": Anomalies,
    "translation": Translation,
    "restoration": Restoration,
    **COMPARED,
}


class Evaluation:
    """The evaluators of a run, over one exhibit.

    Raises:
      BadInput: for an evaluator that has nothing to say of this game or its data, or
        data that a metric cannot take.
    """

    def __init__(self, exhibit: Exhibit, names: Sequence[str], truncation: float = 0.0):
        self._exhibit, self._truncation = exhibit, truncation
        self._evaluators = {}
        for name in names:
            with _about(name):
                self._evaluators[name] = EVALUATORS[name](exhibit)

    def __bool__(self) -> bool:
        return bool(self._evaluators)

    def run(self, state: GameState) -> dict[str, float]:
        """Every score of a state, by name.

        Raises:
          BadInput: for samples that a metric cannot take: too few, or not finite.
        """
        scores = {}
        for name, evaluator in self._evaluators.items():
            with _about(name):
                scores |= dict(evaluator.run(state))
        return {name: float(value) for name, value in scores.items()}

    def protocol(self, step: int) -> dict[str, Any]:
        """What the scores of a step are scores of."""
        return protocol_of(self._exhibit, step, self._truncation)


@contextlib.contextmanager
def _about(name):
    """What a metric cannot take is bad input, and of the evaluator ``name``."""
    try:
        yield
    except ValueError as error:
        raise BadInput(f"evaluation.names='{name}': {error}") from error


__all__ = [
    "EVALUATORS",
    "Evaluation",
    "Exhibit",
    "Side",
    "as_bytes",
    "draw",
    "held_out",
    "invert",
]
