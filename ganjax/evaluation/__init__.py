"""Evaluators: the scores of a run.

An evaluator's class takes an ``EvaluationData``, and ``run(model)`` yields
``(name, value)``. Scores are saved with their protocol. The class lists the stems of
its scores in ``lower`` or ``higher``, the direction that is better, or in ``neither``.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ganjax.core import Game, GameState
from ganjax.data import Source, only_labels
from ganjax.errors import BadInput, Uncomputable
from ganjax.evaluation.compared import Measure, measure
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.inversion import invert
from ganjax.evaluation.options import EvaluationOptions, evaluation_data_of
from ganjax.evaluation.protocol import protocol_of, stated
from ganjax.evaluation.scores import direction_of, name_of
from ganjax.evaluation.side import Side
from ganjax.evaluation.table import EVALUATORS
from ganjax.model import Model, Sampler, Sampling, of_classes
from ganjax.options import read


class Evaluation:
    """The evaluators of a run. All use the same ``evaluation_data``.

    Args:
      names: entries of ``EVALUATORS``, or import paths.
      model: makes the finished model of a state.
      options: name of a measure -> values of its options; others keep the defaults.

    Raises:
      BadInput: if an evaluator does not apply to this game or its data.
    """

    def __init__(
        self,
        evaluation_data: EvaluationData,
        names: Sequence[str],
        model: Callable[[GameState], Model],
        options: Mapping[str, Mapping[str, Any]] | None = None,
    ):
        self._data, self._model = evaluation_data, model
        self._makers = {x: EVALUATORS.find("evaluation.names", x) for x in names}
        for name, values in (options or {}).items():
            if name in self._makers:
                self._makers[name] = self._makers[name].with_options(values)
        self._evaluators = {}
        for name, make in self._makers.items():
            with _about(name):
                self._evaluators[name] = make(evaluation_data)

    def __bool__(self) -> bool:
        return bool(self._evaluators)

    def run(self, state: GameState) -> dict[str, float]:
        """Return every score of a state, by name.

        Raises:
          BadInput: if a metric cannot use the samples: too few, or not finite.
        """
        model, scores = self._model(state), {}
        for name in self._evaluators:
            with _about(name):
                scores |= self._scores(name, model)
        return scores

    def attempt(
        self, state: GameState
    ) -> tuple[dict[str, float], dict[str, Exception]]:
        """Return the scores of a state, and the error of each evaluator that failed, by
        its name. An error in an evaluator must not end a run, so every error counts."""
        model, scores, failed = self._model(state), {}, {}
        for name in self._evaluators:
            try:
                scores |= self._scores(name, model)
            except Exception as error:
                failed[name] = error
        return scores, failed

    def _scores(self, name, model):
        found = self._evaluators[name].run(model)
        return {score: float(value) for score, value in found}

    def protocol(self, step: int) -> dict[str, Any]:
        """Return the protocol of the scores at a step."""
        return protocol_of(self._data, step) | stated(self._makers)

    def direction(self, score: str) -> str | None:
        """Return which values of a score are better, ``'lower'`` or ``'higher'``;
        ``None`` if neither is, or if the direction is unknown."""
        return direction_of(score, self._makers.values())


def evaluation_of(
    config: Mapping[str, Any],
    game: Game,
    sampler: Sampler,
    source: Source,
    classes: tuple[int, ...] = (),
) -> Evaluation:
    """Return the evaluators of a config's section ``evaluation``.

    Args:
      classes: labels of the only classes to generate, and to compare with; all if
        empty.

    Raises:
      BadInput: if the extractor is unavailable, or an evaluator cannot score this game.
    """
    sampling, section = read(Sampling, config["sampling"]), config["evaluation"]
    if classes:
        sampling = dataclasses.replace(sampling, classes=classes)
        sampler, source = of_classes(sampler, classes), only_labels(source, classes)
    evaluation_data = evaluation_data_of(
        section, sampler, source, sampling, config["seed"]
    )
    options = {
        name: section[name]
        for name, one in EVALUATORS.items()
        if getattr(one, "options", None) is not None
    }
    return Evaluation(
        evaluation_data,
        section["names"],
        lambda state: Model(game, sampler, state, sampling),
        options,
    )


@contextlib.contextmanager
def _about(name):
    """Turn ``Uncomputable`` into a ``BadInput`` that names the evaluator."""
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
