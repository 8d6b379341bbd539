"""What a run is judged by. An evaluator is made from an ``EvaluationData`` and has
``run(model)`` that yields ``(name, value)``; scores are kept with their protocol.

An evaluator's class names the stems of its scores in ``lower`` or ``higher``, as less
or more is better, and in ``neither``.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ganjax.core import Game, GameState
from ganjax.data import Source
from ganjax.errors import BadInput, Uncomputable
from ganjax.evaluation.compared import Measure, measure
from ganjax.evaluation.evaluation_data import EvaluationData, Side
from ganjax.evaluation.inversion import invert
from ganjax.evaluation.options import EvaluationOptions, evaluation_data_of
from ganjax.evaluation.protocol import protocol_of
from ganjax.evaluation.scores import direction_of, name_of
from ganjax.evaluation.table import EVALUATORS
from ganjax.model import Model, Sampler, Sampling
from ganjax.options import read


class Evaluation:
    """The evaluators of a run, over one evaluation_data.

    Args:
      names: entries of ``EVALUATORS``, or import paths.
      model: the finished model of a state.

    Raises:
      BadInput: for an evaluator that has nothing to say of this game or its data, or
        data that a metric cannot take.
    """

    def __init__(
        self,
        evaluation_data: EvaluationData,
        names: Sequence[str],
        model: Callable[[GameState], Model],
    ):
        self._data, self._model = evaluation_data, model
        self._makers = {x: EVALUATORS.find("evaluation.names", x) for x in names}
        self._evaluators = {}
        for name, make in self._makers.items():
            with _about(name):
                self._evaluators[name] = make(evaluation_data)

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
        return protocol_of(self._data, step)

    def direction(self, score: str) -> str | None:
        """Return which values of a score are better, ``'lower'`` or ``'higher'``;
        ``None`` where neither is, or nothing is known of it."""
        return direction_of(score, self._makers.values())


def evaluation_of(
    config: Mapping[str, Any], game: Game, sampler: Sampler, source: Source
) -> Evaluation:
    """Return the evaluators that a config names, by the protocol of its section.

    Raises:
      BadInput: if the extractor cannot be had, or an evaluator cannot score this game.
    """
    sampling, section = read(Sampling, config["sampling"]), config["evaluation"]
    evaluation_data = evaluation_data_of(
        section, sampler, source, sampling, config["seed"]
    )
    names = section["names"]
    return Evaluation(
        evaluation_data, names, lambda s: Model(game, sampler, s, sampling)
    )


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
    "EvaluationData",
    "Measure",
    "Side",
    "evaluation_of",
    "invert",
    "measure",
    "name_of",
]
