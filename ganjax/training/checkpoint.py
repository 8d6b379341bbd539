"""Checkpoints that are written in the background and verified by a manifest.

``checkpoints/<step>/state`` is an Orbax checkpoint of the whole state as host arrays.
``checkpoints/<step>/manifest.json`` holds the SHA-256 of each file in ``state``. It is
written after Orbax commits, so a step without a manifest is unfinished. Orbax restores
a flipped bit without an error, so the manifest is verified before every restore.
"""

import errno
import os
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import flax.serialization
import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

from ganjax import failures
from ganjax.core import SKIPPED
from ganjax.core.state import GameState, serialised, to_numpy
from ganjax.errors import BadInput
from ganjax.run_files import write_json
from ganjax.training.checkpoint_folders import (
    MANIFEST,
    STATE,
    damage,
    digests,
    finished_steps,
    remove,
    step_folders,
)
from ganjax.training.plain_path import PlainPath


class Checkpoints:
    """The checkpoints of one run. As a context manager, it waits for the last write.

    Args:
      directory: folder of the checkpoints. The first save creates it.
      keep: number of finished checkpoints to keep.
      log: receives one line about each damaged checkpoint.
      sealed: called in another thread with the step of each finished checkpoint, and
        by ``go_back`` with the step that becomes the newest; 0 without one.
      every: if it is not 0, the newest checkpoint at a multiple of this step is kept as
        well. A rollback goes to it, so that it does not depend on interruptions.
    """

    def __init__(
        self,
        directory: Path,
        keep: int = 3,
        log: Callable[[str], None] = print,
        sealed: Callable[[int], None] = lambda step: None,
        every: int = 0,
    ):
        self.directory = Path(directory).absolute()
        self._keep = keep
        self._log = log
        self._sealed = sealed
        self._every = every
        self._plain = PlainPath(self.directory)
        # Each process reads and writes alone and does not wait for other processes.
        this = jax.process_index()
        self._writer = ocp.StandardCheckpointer(
            multiprocessing_options=ocp.options.MultiprocessingOptions(
                primary_host=this, active_processes={this}
            )
        )
        self._sealer = ThreadPoolExecutor(1)
        self._sealing: Future | None = None
        self._damaged: list[int] = []
        self._abandoned: list[int] = []
        self._files: set[str] = set()  # in the folder of a state that was read back

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, kind, value, traceback) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            self._sealer.shutdown()
            self._writer.close()
            self._plain.close()
            # A write that failed can leave files until the writer has ended.
            for step in set(self._abandoned) - set(self.steps()):
                remove(self.directory / str(step))

    def steps(self) -> list[int]:
        """Return the steps of finished checkpoints, oldest first."""
        return finished_steps(self.directory)

    def scheduled(self) -> list[int]:
        """Return the steps of finished checkpoints at multiples of ``every``."""
        return [x for x in self.steps() if self._every and x % self._every == 0]

    def go_back(self) -> None:
        """Remove the checkpoints after the newest undamaged one at a multiple of
        ``every``. A signal or an error wrote them. If that one is gone, the oldest one
        that came after it stays. Wait for the write in progress first."""
        self.finish()
        good = [x for x in self.steps() if damage(self.directory / str(x)) is None]
        scheduled = [x for x in good if x % self._every == 0]
        # Before the first multiple of ``every`` a run goes back to its first state.
        later = [x for x in good if x > self._every]
        target = scheduled[-1] if scheduled else (later or [0])[0]
        # First, so that no kill leaves a status that names a removed checkpoint.
        self._sealed(target)
        for step in good:
            if step > target:
                remove(self.directory / str(step))

    def _state(self, step):
        """Return the path of a state, for Orbax."""
        return self._plain.path() / str(step) / STATE

    def save(self, state: GameState | dict, step: int | None = None) -> None:
        """Start to write ``state``, unless its step already has a checkpoint.

        Args:
          state: a state, or its arrays by name, nested.
          step: the step of the checkpoint; ``None`` for the step in ``state``.

        Raises:
          OSError: if the disk is full or fails in this write or in the write before
            it. Earlier checkpoints are intact.
        """
        self.finish()
        step = int(state.step) if step is None else step
        for bad in self._damaged:  # make room for a new checkpoint of the step
            aside = self.directory / f"damaged-{bad}"
            shutil.rmtree(aside, ignore_errors=True)
            (self.directory / str(bad)).rename(aside)
        self._damaged = []
        if step in self.steps():
            return
        folder, arrays = self.directory / str(step), serialised(state)
        try:
            remove(folder)
            folder.mkdir(parents=True, exist_ok=True)
            self._writer.save(self._state(step), arrays)
        except (OSError, ValueError) as error:
            self._abandon(step, error)
        self._sealing = self._sealer.submit(self._seal, step, _shapes(arrays))

    def finish(self) -> None:
        """Wait for the write in progress, and raise its error if it failed."""
        if self._sealing is not None:
            sealing, self._sealing = self._sealing, None
            sealing.result()

    def _seal(self, step, written):
        folder = self.directory / str(step)
        try:
            self._writer.wait_until_finished()
            if problem := self._incomplete(step, written):
                raise OSError(errno.EIO, f"checkpoint {step}: {problem}")
            write_json(folder / MANIFEST, digests(folder / STATE))
        except (OSError, ValueError) as error:
            self._abandon(step, error)
        self._sealed(step)
        steps = self.steps()
        target = self.scheduled()[-1:]
        for old in steps[: -self._keep]:
            if old not in target:
                remove(self.directory / str(old))
        for path in step_folders(self.directory):
            if not (path / MANIFEST).exists():
                remove(path)

    def _incomplete(self, step, written):
        """Return what a checkpoint lacks, or ``None``. Orbax can commit a folder that
        holds no arrays. The metadata of the first one are read back. This takes as long
        as the write, so the later ones only need the files that the first one has."""
        files = {x.name for x in self._state(step).iterdir() if x.is_file()}
        if not self._files:
            problem = _first_difference(self._kept(step), written)
            self._files = set() if problem else files
            return problem
        lost = sorted(self._files - files)
        return f"{STATE}/{lost[0]} is absent" if lost else None

    def _abandon(self, step, error):
        self._abandoned.append(step)
        remove(self.directory / str(step))
        number = failures.disk_error(error)
        says_more = isinstance(error, OSError) and error.errno is not None
        says_more = says_more and error.strerror != os.strerror(error.errno)
        if number is None or says_more:
            raise error
        good = f"the last good checkpoint is {max(self.steps(), default=0)}"
        raise OSError(
            number,
            f"{failures.disk_problem(number, self.directory)}: checkpoint {step} was "
            f"not written; {good if self.steps() else 'there is no checkpoint yet'}",
        ) from error

    def restore(self, target: GameState) -> GameState | None:
        """Return the state in the newest checkpoint whose files match their checksums,
        or ``None`` if there are no checkpoints.

        Args:
          target: a state with the same structure, shapes and types. Its values are not
            used.

        Raises:
          BadInput: if all checkpoints are damaged, or the newest undamaged one holds
            arrays of other names, shapes or types than ``target``.
        """
        steps = self.readable()
        return self.read(steps[-1], target) if steps else None

    def readable(self) -> list[int]:
        """Return the steps of the checkpoints whose files match their checksums, oldest
        first. Log the damaged checkpoints. The next ``save`` renames the folders of the
        damaged ones.

        Raises:
          BadInput: if there are checkpoints and all of them are damaged.
        """
        steps, good = self.steps(), []
        for step in steps:
            problem = damage(self.directory / str(step))
            if problem is None:
                good.append(step)
            elif step not in self._damaged:
                self._log(f"checkpoint {step} is damaged ({problem})")
                self._damaged.append(step)
        if steps and not good:
            raise BadInput(
                f"checkpoints={self.directory}: expected a readable checkpoint, but "
                f"all of {steps} are damaged; delete the folder to start again"
            )
        return good

    def damage(self, step: int) -> str | None:
        """Return why the files of a checkpoint do not match its manifest; ``None`` if
        they do."""
        return damage(self.directory / str(step))

    def arrays(self, step: int) -> dict[str, Any]:
        """Return the arrays in the checkpoint of one step by name, nested. The
        checksums are not compared."""
        return self._writer.restore(self._state(step))

    def read(self, step: int, target: GameState) -> GameState:
        """Return the state in the checkpoint of one step, without a comparison of
        checksums.

        Args:
          step: one of the steps that ``readable`` returns.
          target: a state with the same structure, shapes and types. Its values are not
            used.

        The number of skipped steps may be absent: the run skips none, or none so far.

        Raises:
          BadInput: if the names, shapes or types of the arrays differ from ``target``.
        """
        wanted, kept = serialised(target), self._kept(step)
        counts = [SKIPPED in (x.get("memory") or {}) for x in (wanted, kept)]
        if counts[0] != counts[1]:
            return restored(target, self.arrays(step), self.directory / str(step))
        check_alike(kept, _shapes(wanted), self.directory / str(step))
        return _like(target, self._writer.restore(self._state(step), wanted))

    def _kept(self, step):
        """Return the shapes and types in the metadata of a checkpoint. They are empty
        if Orbax cannot read it."""
        kept = self._writer.metadata(self._state(step))
        return _shapes(dict(getattr(kept, "item_metadata", kept) or {}))


def restored(target: GameState, arrays: dict[str, Any], path: Path) -> GameState:
    """Return a state from its arrays by name, nested.

    Args:
      target: a state with the same structure, shapes and types. If the arrays lack the
        number of skipped steps, it is 0; if ``target`` lacks it, it is left out.
      path: where the arrays come from, for the message.

    Raises:
      BadInput: if the names, shapes or types of the arrays differ from ``target``.
    """
    wanted = serialised(target)
    memory = dict(arrays.get("memory") or {})
    if SKIPPED not in wanted["memory"]:
        memory.pop(SKIPPED, None)
    elif SKIPPED not in memory:
        memory[SKIPPED] = np.zeros_like(wanted["memory"][SKIPPED])
    arrays = {**arrays, "memory": memory}
    check_alike(_shapes(arrays), _shapes(wanted), path)
    return _like(target, arrays)


def check_alike(found: Any, wanted: Any, path: Path) -> None:
    """Raise ``BadInput`` if shapes or types, nested by name, differ."""
    if difference := _first_difference(found, wanted):
        raise BadInput(
            f"checkpoints={path}: expected the state of this config, but {difference}"
        )


def _shapes(arrays):
    return jax.tree.map(lambda x: (tuple(x.shape), str(x.dtype)), arrays)


def _like(target, restored):
    state = flax.serialization.from_state_dict(to_numpy(target), restored)

    def leaf(wanted, value):
        if jnp.issubdtype(wanted.dtype, jax.dtypes.prng_key):
            return jax.random.wrap_key_data(value, impl=jax.random.key_impl(wanted))
        return jnp.asarray(value)

    return jax.tree.map(leaf, target, state)


def _first_difference(found, expected):
    def flat(tree):
        leaves = jax.tree_util.tree_flatten_with_path(
            tree, is_leaf=lambda x: isinstance(x, tuple)
        )[0]
        return {
            ".".join(str(getattr(k, "key", k)) for k in path): leaf
            for path, leaf in leaves
        }

    found, expected = flat(found), flat(expected)
    for name in sorted(found | expected):
        if found.get(name) != expected.get(name):
            return f"{name} is {found.get(name, 'absent')}, not " + str(
                expected.get(name, "absent")
            )
    return None
