"""What a run is judged by. An evaluator is made from an ``Exhibit`` and has
``run(model)`` that yields ``(name, value)``; scores are kept with their protocol.

An evaluator's class names the stems of its scores in ``lower`` or ``higher``, as less
or more is better, and in ``neither``.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from ganjax.core import GameState
from ganjax.errors import BadInput, Uncomputable
from ganjax.evaluation.compared import Measure, measure
from ganjax.evaluation.exhibit import Exhibit, Side
from ganjax.evaluation.inversion import invert
from ganjax.evaluation.options import EvaluationOptions, exhibit_of
from ganjax.evaluation.protocol import protocol_of
from ganjax.evaluation.scores import direction_of, name_of
from ganjax.evaluation.table import EVALUATORS
from ganjax.model import Model


class Evaluation:
    """The evaluators of a run, over one exhibit.

    Args:
      names: entries of ``EVALUATORS``, or import paths.
      model: the finished model of a state.

    Raises:
      BadInput: for an evaluator that has nothing to say of this game or its data, or
        data that a metric cannot take.
    """

    def __init__(
        self,
        exhibit: Exhibit,
        names: Sequence[str],
        model: Callable[[GameState], Model],
    ):
        self._exhibit, self._model = exhibit, model
        self._makers = {x: EVALUATORS.find("evaluation.names", x) for x in names}
        self._evaluators = {}
        for name, make in self._makers.items():
            with _about(name):
                self._evaluators[name] = make(exhibit)

    def __bool__(self) -> bool:
        return bool(self._evaluators)

    def run(self, state: GameState) -> dict[str, float]:
        """Return every score of a state, by name.

        Raises:
          BadInput: for samples that a metric cannot take: too few, or not finite.
        """
        model, scores = self._model(state), {}
        for name, evaluator in self._evaluators.items():
            with _about(name):
                scores |= dict(evaluator.run(model))
        return {name: float(value) for name, value in scores.items()}

    def protocol(self, step: int) -> dict[str, Any]:
        """Return what the scores of a step are scores of."""
        return protocol_of(self._exhibit, step)

    def direction(self, score: str) -> str | None:
        """Return which values of a score are better, ``'lower'`` or ``'higher'``;
        ``None`` where neither is, or nothing is known of it."""
        return direction_of(score, self._makers.values())


@contextlib.contextmanager
def _about(name):
    """What a metric cannot take is bad input, and of the evaluator ``name``."""
    try:
        yield
    except Uncomputable as error:
        raise BadInput(f"evaluation.names='{name}': {error}") from error


__all__ = [
    "EVALUATORS",
    "Evaluation",
    "EvaluationOptions",
    "Exhibit",
    "Measure",
    "Side",
    "exhibit_of",
    "invert",
    "measure",
    "name_of",
]
