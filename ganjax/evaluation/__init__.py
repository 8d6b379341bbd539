"""Evaluators: they compute the scores of a finished model.

An evaluator is made from an ``EvaluationData``, which draws the samples. Its
``run(model)`` yields ``(name of the score, value)``. A name is a stem such as ``fd``,
then the features, then the number of samples. The class lists its stems: in ``lower``
if a lower value is better, in ``higher`` if a higher value is better, or in
``neither``. Scores are saved with their protocol, the facts that change a score.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ganjax import signals
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
    """The evaluators of a run.

    Args:
      evaluation_data: the samples that all evaluators use.
      names: entries of ``EVALUATORS``, or import paths ``MODULE:NAME``.
      model: a function that makes the finished model of a state; also an attribute.
      options: name of a measure -> values of its options; others keep the defaults.

    Raises:
      BadInput: an evaluator is unknown, or does not apply to this game or its data.
    """

    def __init__(
        self,
        evaluation_data: EvaluationData,
        names: Sequence[str],
        model: Callable[[GameState], Model],
        options: Mapping[str, Mapping[str, Any]] | None = None,
    ):
        self._data, self.model = evaluation_data, model
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
          BadInput: a metric cannot use the samples: they are too few, or not finite.
        """
        model, scores = self.model(state), {}
        for name in self._evaluators:
            with _about(name):
                scores |= self._scores(name, model)
        return scores

    def draw_with(self, draw: Callable[..., np.ndarray]) -> None:
        """Draw generated samples by ``draw(model, key, n)`` in place of
        ``model.sample(key, n)``, for example together with other runs."""
        self._data.draw = draw

    def attempt(self, model: Model) -> tuple[dict[str, float], dict[str, Exception]]:
        """Return the scores of a model, even if some evaluators fail.

        An error in an evaluator must not end a run, so every exception is caught. After
        a signal, ``Stopped`` is raised between two evaluators.

        Args:
          model: a result of ``model(state)``.

        Returns:
          ``(scores, errors)``: name of a score -> value, and name of an evaluator that
          failed -> its exception.
        """
        scores, failed = {}, {}
        for name in self._evaluators:
            signals.check()
            try:
                scores |= self._scores(name, model)
            except Exception as error:
                failed[name] = error
        return scores, failed

    def _scores(self, name, model):
        found = self._evaluators[name].run(model)
        return {score: float(value) for score, value in found}

    def protocol(self, step: int) -> dict[str, Any]:
        """Return the protocol of the scores of a step, for JSON.

        The protocol holds the facts that change a score, such as the data, the
        extractor and the sampling.
        """
        return protocol_of(self._data, step) | stated(self._makers)

    def direction(self, score: str) -> str | None:
        """Return which values of a score are better, ``'lower'`` or ``'higher'``.

        The result is ``None`` if neither is better, or if no evaluator of this run has
        the score.
        """
        return direction_of(score, self._makers.values())


def evaluation_of(
    config: Mapping[str, Any],
    game: Game,
    sampler: Sampler,
    source: Source,
    classes: tuple[int, ...] = (),
    seed: int | None = None,
) -> Evaluation:
    """Build the evaluators that a config names in its section ``evaluation``.

    Args:
      classes: labels of the only classes to generate, and to compare with; all if
        empty.
      seed: seed of the latents, and of the choice of real samples; ``None`` takes the
        seed of the config.

    Raises:
      BadInput: the feature extractor is not available or does not accept the images,
        or an evaluator is unknown or cannot score this game.
    """
    sampling, section = read(Sampling, config["sampling"]), config["evaluation"]
    if classes:
        sampling = dataclasses.replace(sampling, classes=classes)
        sampler, source = of_classes(sampler, classes), only_labels(source, classes)
    evaluation_data = evaluation_data_of(
        section, sampler, source, sampling, config["seed"] if seed is None else seed
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
