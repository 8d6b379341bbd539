"""Everything that changes during training, in one pytree."""

import functools
import hashlib
from collections.abc import Mapping
from typing import Any

import flax.serialization
import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core.game import Game
from ganjax.core.randomness import child_key
from ganjax.core.skipping import SKIPPED

Tree = Any


class GameState(flax.struct.PyTreeNode):
    """The whole state of a run. Resuming needs nothing else.

    ``params`` and ``variables`` have one entry per network. Variables are values that a
    network writes itself, such as batch statistics. ``optimizer`` has one entry per
    player. ``ema`` holds a full ``{'params': …, …}`` of each averaged network: batch
    statistics are averaged like parameters. ``memory`` holds values that objectives
    keep between updates, and the number of skipped steps if the game skips any.
    ``knobs`` are numbers of the config that may change without a new compilation.
    ``key`` never changes, except by a rollback. All random draws are derived from it
    and from ``step``.
    """

    step: jax.Array
    key: jax.Array
    params: dict[str, Tree]
    variables: dict[str, Tree]
    optimizer: dict[str, Tree]
    ema: dict[str, Tree]
    memory: dict[str, Tree]
    knobs: dict[str, jax.Array]


def init_state(
    game: Game, key: jax.Array, knobs: Mapping[str, float | jax.Array]
) -> GameState:
    """Return the state before the first step.

    Args:
      key: typed PRNG key of the run (``jax.random.key(seed)``).
      knobs: numbers of the config by name, such as learning rates. They become float32
        scalars of the state, so a compiled step can run with other numbers.
    """

    scalars = {name: jnp.asarray(value, jnp.float32) for name, value in knobs.items()}
    step = jnp.zeros((), jnp.int32)
    # Inside another program's trace no separate program is compiled.
    traced = isinstance(step, jax.core.Tracer)
    initialise = (_initialiser if traced else _compiled_initialiser)(game)
    params, variables, optimizer, memory = initialise(key, scalars)
    ema = {n: {"params": params[n], **variables[n]} for n in game.ema}
    state = GameState(step, key, params, variables, optimizer, ema, memory, scalars)
    # A compiled step donates its input, so no two leaves may share a buffer.
    return jax.tree.map(jnp.copy, state)


def init_on_host(game: Game, seed: int, knobs: Mapping[str, float]) -> GameState:
    """Return the state before the first step as NumPy arrays (the key excepted), for
    many runs that ``stack_members`` joins. The values equal those
    of ``init_state``.

    Args:
      seed: seed of the run.
      knobs: see ``init_state``.
    """
    key = jax.random.key(seed)
    scalars: Any = {k: np.asarray(value, np.float32) for k, value in knobs.items()}
    made = jax.device_get(_compiled_initialiser(game)(key, scalars))
    params, variables, optimizer, memory = made
    ema = {n: {"params": params[n], **variables[n]} for n in game.ema}
    step: Any = np.zeros((), np.int32)
    return GameState(step, key, params, variables, optimizer, ema, memory, scalars)


# LLVM needs seconds to optimise random draws that run only once, one kernel for each
# parameter. With less optimisation the values are equal up to rounding, and the program
# of two four-layer networks compiles in 1.2 s, not 8.4 s (two cores of an AMD EPYC).
_QUICKLY = {"xla_backend_optimization_level": 1}


# All seeds of a game share one program. A population has many seeds.
@functools.lru_cache(maxsize=8)
def _compiled_initialiser(game):
    quickly = _QUICKLY if jax.default_backend() == "cpu" else None
    return jax.jit(_initialiser(game), compiler_options=quickly)


def _initialiser(game):
    def build(key, knobs):
        params, variables = {}, {}
        for name, network in game.networks.items():
            made = network.initial(child_key(key, f"init/{name}"))
            params[name] = made.pop("params", {})
            variables[name] = made
        optimizer = {
            player.name: player.optimizer(knobs).init(
                {name: params[name] for name in player.owns}
            )
            for player in game.players
        }
        memory = game.memory(child_key(key, "memory"))
        if game.skips:
            memory = {**memory, SKIPPED: jnp.zeros((), jnp.int32)}
        return params, variables, optimizer, memory

    return build


def averaged(game: Game, state: GameState) -> dict[str, Tree]:
    """Return the variables of all networks for evaluation,
    ``{network: {'params': …, …}}``. Networks in ``game.ema`` have their averages over
    steps. All others have their current values."""
    live = {n: {"params": state.params[n], **state.variables[n]} for n in game.networks}
    return {**live, **state.ema}


def to_numpy(state: Tree) -> Tree:
    """Return a tree of NumPy arrays. Random keys become their uint32 data."""

    def leaf(x):
        if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
            x = jax.random.key_data(x)
        return np.asarray(x)

    return jax.tree.map(leaf, state)


def serialised(state: Tree) -> dict[str, Tree]:
    """Return the arrays of a state on the host, nested by name."""
    return flax.serialization.to_state_dict(to_numpy(state))


def state_digest(state: GameState) -> str:
    """Return the SHA-256 of all arrays of a state, sorted by path: path, dtype, shape,
    bytes. Two states have equal digests if and only if they are bitwise identical."""
    digest = hashlib.sha256()
    leaves, _ = jax.tree_util.tree_flatten_with_path(to_numpy(state))
    named = [(jax.tree_util.keystr(path), leaf) for path, leaf in leaves]
    for name, leaf in sorted(named, key=lambda pair: pair[0]):
        digest.update(f"{name}|{leaf.dtype}|{leaf.shape}|".encode())
        digest.update(np.ascontiguousarray(leaf).tobytes())
    return digest.hexdigest()
