"""The state from which training begins: new, from a checkpoint, or after a rollback."""

import dataclasses
from collections.abc import Sequence

import jax

from ganjax.core import (
    Game,
    GameState,
    child_key,
    init_on_host,
    init_state,
    stack_members,
)
from ganjax.training.archive import Archive
from ganjax.training.member import Member
from ganjax.training.plan import Plan


@dataclasses.dataclass(frozen=True)
class Beginning:
    """Where the runs of an archive begin.

    Attributes:
      game: the game of all runs.
      members: the runs.
      archive: their records.
      plan: ``plan.population`` tells whether the runs have a joined state.
      rollbacks: the number of rollbacks so far. They change the key of a single run.
    """

    game: Game
    members: Sequence[Member]
    archive: Archive
    plan: Plan
    rollbacks: int = 0

    @property
    def goes_back(self) -> bool:
        """Whether the run goes back if a number is not finite. Otherwise it fails."""
        some_left = self.rollbacks < self.plan.max_rollbacks
        return self.plan.on_nonfinite == "rollback" and some_left

    def after(self, rollbacks: int) -> "Beginning":
        """Return the beginning after this number of rollbacks."""
        return dataclasses.replace(self, rollbacks=rollbacks)

    def fresh(self) -> list[GameState]:
        """Return the states of new runs. States that are joined later are on the
        host."""
        if self.plan.population:
            return [init_on_host(self.game, m.seed, m.knobs) for m in self.members]
        keyed = ((jax.random.key(m.seed), m.knobs) for m in self.members)
        return [init_state(self.game, key, knobs) for key, knobs in keyed]

    def state(self, fresh: Sequence[GameState]) -> tuple[GameState, bool]:
        """Return the state of all members, and whether it comes from a checkpoint.

        Args:
          fresh: the states of new runs.

        Raises:
          BadInput: if all checkpoints are damaged or do not fit the config.
        """
        together = self.plan.population
        state, restored = self.archive.restore(fresh), True
        if state is None:
            pairs = zip(self.members, fresh, strict=True)
            first = [member.start_from(new) for member, new in pairs]
            state, restored = (stack_members(first) if together else first[0]), False
        else:
            # Knobs come from the config, which the user may have changed on purpose.
            knobs = stack_members(fresh).knobs if together else fresh[0].knobs
            state = state.replace(knobs=knobs)
        return self.with_key(state), restored

    def with_key(self, state: GameState) -> GameState:
        """Return the state of a single run with the key that follows from its seed and
        the number of its rollbacks. Without a rollback the key stays."""
        if not self.rollbacks:
            return state
        key = child_key(jax.random.key(self.members[0].seed), "rollback")
        return state.replace(key=jax.random.fold_in(key, self.rollbacks))
