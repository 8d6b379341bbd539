"""Checkpoints of runs that are trained together: one for all of them."""

import shutil
from collections.abc import Collection, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core import GameState, stack_members
from ganjax.training.checkpoint import Checkpoints
from ganjax.training.checkpoint_folders import remove, step_folders

NEVER = -1  # the step of a member that has no state in a checkpoint


class PopulationCheckpoints:
    """The checkpoints of a population. All arrays of a state have a leading axis with
    an entry for each member, also ``step``: a member that has ended keeps the state of
    its last good step.

    Args:
      checkpoints: writes and reads the joined states.
    """

    def __init__(self, checkpoints: Checkpoints):
        self.checkpoints = checkpoints

    def restore(self, fresh: Sequence[GameState]) -> GameState | None:
        """Return the joined states of the newest readable checkpoint, at its step;
        ``None`` without a checkpoint.

        Args:
          fresh: states of new runs, with the same structure. Their values are not used.
        """
        steps = self.checkpoints.readable()
        if not steps:
            return None
        states = self._read(steps[-1], stack_members(fresh))
        return states.replace(step=jnp.asarray(steps[-1], jnp.int32))

    def _read(self, step, states):
        count = states.key.shape[0]
        target = states.replace(step=np.zeros(count, np.int32))
        return self.checkpoints.read(step, target)

    def save(self, step: int, states: GameState, places: Collection[int]) -> None:
        """Start to write the states of all members as the checkpoint of ``step``.

        Args:
          states: the joined states.
          places: the members whose states are current. The others keep their state in
            the newest checkpoint. Without one, they have no state.

        Raises:
          OSError: if the disk is full.
        """
        count = states.key.shape[0]
        own = np.zeros(count, bool)
        own[list(places)] = True
        steps = np.where(own, step, NEVER).astype(np.int32)
        states = states.replace(step=steps)
        self.checkpoints.finish()
        if not own.all() and (earlier := self.checkpoints.steps()):
            kept = self._read(earlier[-1], states)
            states = jax.tree.map(lambda new, old: _rows(own, new, old), states, kept)
        self.checkpoints.save(states, step)


def _rows(own, new, old):
    """Return an array with the rows ``own`` of ``new``, and the other rows of
    ``old``."""
    if jnp.issubdtype(new.dtype, jax.dtypes.prng_key):
        data = _rows(own, jax.random.key_data(new), jax.random.key_data(old))
        return jax.random.wrap_key_data(data, impl=jax.random.key_impl(new))
    merged = np.array(new)
    merged[~own] = np.asarray(old)[~own]
    return merged


def member_state(
    checkpoints: Checkpoints, step: int, place: int
) -> tuple[int, dict[str, Any]] | None:
    """Return the step and the state of one member in a checkpoint of a population, as
    nested arrays by name; ``None`` if the member has no state in it.

    Args:
      checkpoints: the checkpoints of the population.
      step: the step of the checkpoint.
      place: the index of the member.
    """
    held = checkpoints.arrays(step)
    own = int(held["step"][place])
    if own == NEVER:
        return None
    return own, jax.tree.map(lambda x: np.array(x[place]), held)


def own_steps(checkpoints: Checkpoints, step: int) -> dict[int, int]:
    """Return the step of the state of each member in a checkpoint of a population, by
    place. Members without a state are left out. Checksums are not compared.

    Args:
      step: the step of the checkpoint.
    """
    own = np.asarray(checkpoints.arrays(step)["step"])
    return {i: int(step) for i, step in enumerate(own) if step != NEVER}


def forget(checkpoints: Checkpoints, places: Collection[int]) -> None:
    """Remove the states of some members from the newest checkpoint of a population. Its
    step becomes the newest step of the other states; without other states it is
    removed, and so are older checkpoints."""
    directory = checkpoints.directory
    held = checkpoints.arrays(checkpoints.steps()[-1])
    held["step"] = np.array(held["step"])
    held["step"][list(places)] = NEVER
    newest = int(held["step"].max())
    part = directory.with_name(f".{directory.name}.new")
    shutil.rmtree(part, ignore_errors=True)
    if newest != NEVER:
        with Checkpoints(part) as rest:
            rest.save(held, newest)
    for path in step_folders(directory):
        remove(path)
    if newest != NEVER:
        (part / str(newest)).replace(directory / str(newest))
        part.rmdir()
