"""A game: networks, and players that minimise objectives on them."""

import dataclasses
from collections.abc import Callable, Mapping

import jax
import optax

from ganjax.core.view import Knobs, Network, Report, Tree, View
from ganjax.errors import BadInput

Objective = Callable[[dict[str, Tree], View], tuple[jax.Array, Report]]


@dataclasses.dataclass(frozen=True)
class Player:
    """A player of a game: it trains some networks to minimise its objective.

    Attributes:
      name: prefix of the player's metrics and name of its optimizer state.
      owns: networks whose parameters the player updates. Two players may own the same
        network.
      objective: ``(owned parameters, view) -> (loss, report)``. The view gives access
        to all else that the loss may use. Its ``params`` already contain the owned
        parameters, so the loss is differentiable with respect to them.
      optimizer: ``knobs -> optax.GradientTransformation``. Its numbers come from the
        knobs, which are data of the compiled step, so a sweep over them compiles only
        once.
      updates_per_step: number of updates (turns) of the player in one step.
      reads_data: whether each turn receives real examples.
      apart: for each interval n in it, the player has one more update at every n-th
        step, after its turns, with the examples of the last turn and the same
        optimizer. Its objective then sees ``View.apart == n``. So a lazy penalty can
        have a separate update (Karras et al. 2020, arXiv 1912.04958, appendix B).
      writes: networks whose new variables (batch statistics, spectral vectors) its
        turns keep although it does not own them. With a joint dynamics, which computes
        all turns at one point, the variables of the last player's turn remain.
      estimator: ``(owned parameters -> view, owned parameters) -> (gradient,
        metrics)``, a gradient that is added to the gradient of the objective, such as
        ``ClippedExamples``; ``None`` for the gradient of the objective alone.
      plays: ``(first, last)`` if the player plays only at the steps ``first``, …,
        ``last - 1``, counted from 0; ``last`` is ``None`` if it plays to the end. At
        other steps nothing of it changes, and its metrics are 0. So phases of training
        are a schedule of players. ``None`` for a player of every step.
    """

    name: str
    owns: tuple[str, ...]
    objective: Objective
    optimizer: Callable[[Knobs], optax.GradientTransformation]
    updates_per_step: int = 1
    reads_data: bool = True
    apart: tuple[int, ...] = ()
    writes: tuple[str, ...] = ()
    estimator: Callable[..., tuple[Tree, dict[str, jax.Array]]] | None = None
    plays: tuple[int, int | None] | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Game:
    """A differentiable game: networks, and players that train them. It is immutable.
    Two games are equal only if they are the same object.

    Knobs are numbers of the config that the compiled step takes as data: a changed knob
    compiles nothing.

    Attributes:
      networks: name -> network.
      players: in the order of their turns (the updates of one step).
      ema: networks whose parameters and variables are averaged over steps.
      ema_decay: ``(knobs, step) -> decay`` of these averages.
      dynamics: ``None`` for alternating turns. Otherwise a joint update (see
        ``core.dynamics``), which needs ``updates_per_step == 1`` of every player.
      schedule: ``(knobs, step) -> knobs`` of that step. The state always keeps the
        initial knobs.
      intervals: the values n, above 1, of the lazy terms in the losses. A lazy term is
        computed only at every n-th step, so a step can be compiled without it. They
        include the intervals in ``Player.apart``.
      memory: ``key -> {name: pytree}``, the initial values that objectives keep from
        one update to the next.
      skips: whether a step whose result is not finite leaves the state as it was.
    """

    networks: Mapping[str, Network]
    players: tuple[Player, ...]
    ema: tuple[str, ...] = ()
    ema_decay: Callable[[Knobs, jax.Array], jax.Array | float] = lambda *_: 0.999
    dynamics: Callable | None = None
    schedule: Callable[[Knobs, jax.Array], Knobs] = lambda knobs, step: knobs
    intervals: tuple[int, ...] = ()
    memory: Callable[[jax.Array], dict[str, Tree]] = lambda key: {}
    skips: bool = False

    def __post_init__(self):
        names = [player.name for player in self.players]
        if len(set(names)) != len(names):
            raise ValueError(f"two players share a name: {names}")
        players = ((p.name, (*p.owns, *p.writes)) for p in self.players)
        owners = [("ema", self.ema), *players]
        for owner, wanted in owners:
            if missing := sorted(set(wanted) - set(self.networks)):
                there = f"the game has {sorted(self.networks)}"
                raise ValueError(f"{owner} names unknown networks {missing}; {there}")
        if self.dynamics is not None:
            if estimated := [p.name for p in self.players if p.estimator is not None]:
                raise BadInput(
                    f"dynamics.name: expected 'alternating', because the gradient of "
                    f"the player {estimated[0]} is an estimate"
                )
            busy = [p.name for p in self.players if p.updates_per_step != 1]
            if busy:
                raise ValueError(
                    f"joint dynamics need updates_per_step=1 of every player, but "
                    f"{busy} have another value"
                )
            timed = [p.name for p in self.players if p.plays is not None]
            if timed:
                raise BadInput(
                    f"dynamics.name: expected 'alternating', because these players do "
                    f"not play at every step: {', '.join(timed)}"
                )

    @property
    def rounds(self) -> int:
        """The number of sub-batches of real examples that one step takes: one for each
        update of each player that reads data."""
        return sum(p.updates_per_step for p in self.players if p.reads_data)
