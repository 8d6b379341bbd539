"""The checkpoint with the best score so far, kept in addition to the newest."""

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping

from ganjax.core import GameState
from ganjax.errors import BadInput, unknown
from ganjax.evaluation import Evaluation
from ganjax.training.checkpoint import Checkpoints
from ganjax.training.plan import Plan
from ganjax.training.run_directory import RunDirectory

_SIGN = {"lower": 1, "higher": -1}


def check_best(plan: Plan, evaluation: Evaluation, state: GameState | None) -> None:
    """Raise ``BadInput`` unless ``checkpoint.best`` is empty or names a score for which
    lower or higher is better.

    Args:
      state: a state to evaluate; the names of its scores are the allowed names.
        ``None`` skips the check of the name.
    """
    best = plan.checkpoint.best
    if not best:
        return
    if state is not None and best not in (scores := evaluation.run(state)):
        raise unknown("checkpoint.best", best, scores)
    if evaluation.direction(best) is None:
        raise BadInput(
            f"checkpoint.best='{best}': expected a score for which lower or higher is "
            f"better, but this score has no better direction"
        )


@contextlib.contextmanager
def best_checkpoint(
    run: RunDirectory, evaluation: Evaluation, plan: Plan
) -> Iterator[Callable]:
    """Yield the function ``offer(scores, state)``, which keeps the best state.

    The config field ``checkpoint.best`` names a score. If this score is better than all
    earlier ones, ``offer`` saves the state and returns when it is on the disk. If the
    field is empty, ``offer`` does nothing. A resumed run reads the earlier scores from
    metrics.jsonl.
    """
    best = plan.checkpoint.best
    if not best:
        yield lambda scores, state: None
        return
    sign = _SIGN[evaluation.direction(best)]
    earlier = (sign * row.get(f"evaluation/{best}", math.nan) for row in run.rows())
    least = min((x for x in earlier if not math.isnan(x)), default=math.inf)
    with Checkpoints(run.best, keep=1, log=run.say) as checkpoints:

        def offer(scores: Mapping[str, float], state: GameState) -> None:
            nonlocal least
            value = sign * scores.get(best, math.nan)  # nan if its evaluator failed
            if value < least:
                least = value
                checkpoints.save(state)
                checkpoints.finish()

        yield offer
