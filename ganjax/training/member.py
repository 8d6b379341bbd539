"""One run in the training loop. A single run is a population of one member."""

import dataclasses
from collections.abc import Callable, Mapping

from ganjax.core import GameState
from ganjax.errors import BadInput, Uncomputable


@dataclasses.dataclass(frozen=True)
class Member:
    """One run of a population: runs that one program trains together. All members share
    the game, the data and the plan.

    Attributes:
      knobs: values of the numbers that are data of the compiled step, by the path of
        their config field, as ``optimizers.generator.learning_rate``.
      seed: seed of a new run. A resumed run has its key in its state.
      start_from: turns a fresh state into the first state, if there is no checkpoint.
      ended: whether nothing is written: the run is over, or another process writes it.
        It is still computed, because the other members share its program.
    """

    knobs: Mapping[str, float]
    seed: int
    start_from: Callable[[GameState], GameState] = lambda state: state
    ended: bool = False


def reason(error: Exception) -> str:
    """Return the message of an error in one line."""
    return getattr(error, "strerror", None) or " ".join(str(error).split())


def reason_of_evaluator(error: Exception) -> str:
    """Return why an evaluator failed, in one line. Bugs are named by their type."""
    known = isinstance(error, BadInput | Uncomputable)
    return reason(error) if known else f"{type(error).__name__}: {reason(error)}"
