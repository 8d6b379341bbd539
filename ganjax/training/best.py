"""The checkpoint with the best score so far, kept beside the newest ones."""

import contextlib
import json
import math
from collections.abc import Callable, Iterator, Mapping

from ganjax.core import GameState
from ganjax.errors import unknown
from ganjax.training.checkpoint import Checkpoints
from ganjax.training.plan import Plan
from ganjax.training.run_directory import RunDirectory

BEST = "best"
_SIGN = {"least": 1, "greatest": -1}


@contextlib.contextmanager
def best_checkpoint(run: RunDirectory, plan: Plan) -> Iterator[Callable]:
    """``offer(scores, state)`` that keeps a state in ``best/`` if its ``plan.best`` is
    better than in every evaluation before.

    How good those were stands in metrics.jsonl, so a run that goes on knows it. Where
    no score is named nothing is kept.
    """
    if not plan.best:
        yield lambda scores, state: None
        return
    sign = _SIGN[plan.best_is]
    least = min((sign * x for x in _recorded(run, plan.best)), default=math.inf)
    with Checkpoints(run.path / BEST, keep=1, log=run.say) as checkpoints:

        def offer(scores: Mapping[str, float], state: GameState) -> None:
            nonlocal least
            if sign * scores[plan.best] < least:
                least = sign * scores[plan.best]
                checkpoints.save(state)

        yield offer


def check_best(plan: Plan, scores: Mapping[str, float]) -> None:
    """Raises ``BadInput`` unless ``plan.best`` is among the scores, or empty."""
    if plan.best and plan.best not in scores:
        raise unknown("checkpoint.best", plan.best, scores)


def _recorded(run, name):
    path = run.path / "metrics.jsonl"
    for line in path.read_text().splitlines() if path.exists() else ():
        value = json.loads(line).get(f"evaluation/{name}")
        if value is not None and not math.isnan(value):
            yield value
