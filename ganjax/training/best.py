"""The checkpoint with the best score so far, kept in addition to the newest."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from ganjax.core import GameState
from ganjax.errors import BadInput, unknown
from ganjax.evaluation import Evaluation
from ganjax.training.archive import Archive
from ganjax.training.plan import Plan
from ganjax.training.population_checkpoints import NEVER

_SIGN = {"lower": 1, "higher": -1}


def check_best(
    plan: Plan,
    evaluations: Callable[[int], Evaluation],
    seed: int,
    state: GameState | None,
) -> None:
    """Raise ``BadInput`` unless ``checkpoint.best`` is empty or names a score for which
    lower or higher is better.

    Args:
      evaluations: seed -> the ``Evaluation`` of a run.
      seed: the seed of a run.
      state: a state to evaluate; the names of its scores are the allowed names.
        ``None`` skips the check of the name.
    """
    best = plan.checkpoint.best
    if not best:
        return
    evaluation = evaluations(seed)
    if state is not None and best not in (scores := evaluation.run(state)):
        raise unknown("checkpoint.best", best, scores)
    if evaluation.direction(best) is None:
        raise BadInput(
            f"checkpoint.best='{best}': expected a score for which lower or higher is "
            f"better, but this score has no better direction"
        )


class BestStates:
    """Keeper of the best state of each run. A resumed run reads its earlier scores from
    its rows of metrics. If the state with the best of them is not in ``best``, because
    another score chose it or because steps are computed again, the state that is there
    is removed, and the next score counts as the best. If ``checkpoint.best`` is empty,
    nothing is kept.

    Args:
      archive: the records of the runs.
      direction: ``'lower'`` or ``'higher'``: which values are better.
      places: the runs that still train.
    """

    def __init__(
        self,
        archive: Archive,
        plan: Plan,
        direction: str | None,
        places: Collection[int],
    ):
        self._archive, self._score = archive, plan.checkpoint.best
        self._sign = _SIGN[direction] if self._score else 0
        self._least = {place: math.inf for place in places if self._score}
        if not self._least:
            return
        best = {}
        for place in self._least:
            earlier = archive.earlier(place, self._score)
            good = [(self._sign * x, step) for step, x in earlier if not math.isnan(x)]
            if good:  # of equal scores the first
                best[place] = min(good)
        held = archive.keep_best({i: best.get(i, (0, NEVER))[1] for i in self._least})
        for place in held & best.keys():
            self._least[place] = best[place][0]
        lost = len(best.keys() - held)
        if lost:
            runs = f" of {lost} runs" if len(self._least) > 1 else ""
            archive.say(
                f"the best state{runs} by '{self._score}' is not kept; the next score "
                f"counts as the best"
            )

    def offer(
        self, step: int, scores: Mapping[int, Mapping[str, float]], state: GameState
    ) -> None:
        """Save the states of the runs whose score is better than all earlier ones.

        Args:
          scores: place of a run -> its scores. A score is missing if its evaluator
            failed.
          state: the state of all runs.
        """
        better = []
        for place in self._least:
            value = self._sign * scores.get(place, {}).get(self._score, math.nan)
            if value < self._least[place]:
                self._least[place] = value
                better.append(place)
        if better:
            self._archive.save_best(step, state, better)


def values_of_score(
    rows: Iterable[Mapping[str, Any]], score: str
) -> list[tuple[int, float]]:
    """Return the steps and the values of a score in rows of metrics.

    Args:
      score: the name, without ``evaluation/``.
    """
    found = [(row["step"], row.get(f"evaluation/{score}")) for row in rows]
    return [(step, x) for step, x in found if isinstance(x, int | float)]
