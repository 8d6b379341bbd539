"""What a game is: networks, and players who descend objectives on them."""

import dataclasses
from collections.abc import Callable, Mapping

import jax
import optax

from ganjax.core.view import Knobs, Network, Report, Tree, View

Objective = Callable[[dict[str, Tree], View], tuple[jax.Array, Report]]


@dataclasses.dataclass(frozen=True)
class Player:
    """Who owns which networks and descends which objective on them.

    Attributes:
      name: prefix of the player's metrics and name of its optimizer state.
      owns: networks whose parameters it updates. Two players may own one network.
      objective: ``(owned parameters, view) -> (loss, report)``. The view's ``params``
        already hold the owned parameters that are differentiated.
      optimizer: ``knobs -> optax.GradientTransformation``. Its numbers come from the
        knobs, so they are swept without recompiling.
      updates_per_step: turns it takes in a step.
      reads_data: whether each of its turns is given real examples.
    """

    name: str
    owns: tuple[str, ...]
    objective: Objective
    optimizer: Callable[[Knobs], optax.GradientTransformation]
    updates_per_step: int = 1
    reads_data: bool = True


@dataclasses.dataclass(frozen=True, eq=False)
class Game:
    """A differentiable game as a value, equal to itself alone.

    Attributes:
      networks: by name.
      players: in the order of their turns.
      ema: networks whose parameters and variables are averaged over steps.
      ema_decay: ``(knobs, step) -> decay`` of that average.
      dynamics: ``None`` for alternating turns, else a joint update, see
        ``core.dynamics``; it needs ``updates_per_step == 1`` of every player.
      schedule: ``(knobs, step) -> knobs``, what they are at a step. The state keeps
        those that it began with.
      intervals: of the lazy terms, those that objectives take ``View.every`` so many
        steps. Whoever names them may have the step compiled for what is due.
      memory: ``key -> {name: pytree}``, the initial value of what objectives remember.
    """

    networks: Mapping[str, Network]
    players: tuple[Player, ...]
    ema: tuple[str, ...] = ()
    ema_decay: Callable[[Knobs, jax.Array], jax.Array | float] = lambda *_: 0.999
    dynamics: Callable | None = None
    schedule: Callable[[Knobs, jax.Array], Knobs] = lambda knobs, step: knobs
    intervals: tuple[int, ...] = ()
    memory: Callable[[jax.Array], dict[str, Tree]] = lambda key: {}

    def __post_init__(self):
        names = [player.name for player in self.players]
        if len(set(names)) != len(names):
            raise ValueError(f"two players share a name: {names}")
        owners = [("ema", self.ema), *((p.name, p.owns) for p in self.players)]
        for owner, wanted in owners:
            if missing := sorted(set(wanted) - set(self.networks)):
                there = f"there are {sorted(self.networks)}"
                raise ValueError(f"{owner} names networks {missing}; {there}")
        if self.dynamics is not None:
            busy = [p.name for p in self.players if p.updates_per_step != 1]
            if busy:
                raise ValueError(f"joint dynamics take one update a step: {busy}")

    @property
    def rounds(self) -> int:
        """Sub-batches of real examples that one step takes."""
        return sum(p.updates_per_step for p in self.players if p.reads_data)
