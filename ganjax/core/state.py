"""Everything that changes during training, in one pytree."""

import functools
import hashlib
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core.game import Game
from ganjax.core.randomness import child_key
from ganjax.core.view import Knobs

Tree = Any


@flax.struct.dataclass
class GameState:
    """The whole state of a run; resuming needs nothing else.

    ``params`` and ``variables`` are by network, ``optimizer`` by player, ``memory`` and
    ``knobs`` by name. ``ema`` holds, by network, a full ``{'params': …, …}`` that
    evaluation applies as it is: batch statistics are averaged like parameters.
    ``key`` never changes; all randomness is folded out of it and ``step``.
    """

    step: jax.Array
    key: jax.Array
    params: dict[str, Tree]
    variables: dict[str, Tree]
    optimizer: dict[str, Tree]
    ema: dict[str, Tree]
    memory: dict[str, Tree]
    knobs: dict[str, jax.Array]


def init_state(game: Game, key: jax.Array, knobs: Knobs) -> GameState:
    """The state before the first step.

    Args:
      key: typed PRNG key of the run (``jax.random.key(seed)``).
      knobs: numbers by name; they become float32 scalars of the state.
    """

    knobs = {name: jnp.asarray(value, jnp.float32) for name, value in knobs.items()}
    step = jnp.zeros((), jnp.int32)
    # What is traced, for its shapes say, belongs to the program around it.
    traced = isinstance(step, jax.core.Tracer)
    initialise = (_initialiser if traced else _compiled_initialiser)(game)
    params, variables, optimizer, memory = initialise(key, knobs)
    ema = {n: {"params": params[n], **variables[n]} for n in game.ema}
    state = GameState(step, key, params, variables, optimizer, ema, memory, knobs)
    # A compiled step donates its input, so no two leaves may share a buffer.
    return jax.tree.map(jnp.copy, state)


# LLVM takes seconds over random numbers that are drawn once, with a kernel for each
# parameter. With less of it the values are the same to rounding, and the program of two
# four-layer networks compiles in 1.2 s instead of 8.4 s (two cores of an AMD EPYC).
_QUICKLY = {"xla_backend_optimization_level": 1}


# The seeds of a game, of which a population has many, share a program.
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
        return params, variables, optimizer, memory

    return build


def averaged(game: Game, state: GameState) -> dict[str, Tree]:
    """``{network: {'params': …, …}}`` for evaluation: averages where the game keeps
    them, live values elsewhere."""
    live = {n: {"params": state.params[n], **state.variables[n]} for n in game.networks}
    return {**live, **state.ema}


def to_numpy(state: Tree) -> Tree:
    """The state on the host, keys as their uint32 data."""

    def leaf(x):
        if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
            x = jax.random.key_data(x)
        return np.asarray(x)

    return jax.tree.map(leaf, state)


def state_digest(state: GameState) -> str:
    """SHA-256 over all leaves in the order of their paths: path, dtype, shape, bytes.

    Two runs on the same carrier, device count, backend and versions are equal bit for
    bit if and only if their digests are.
    """
    digest = hashlib.sha256()
    leaves, _ = jax.tree_util.tree_flatten_with_path(to_numpy(state))
    named = [(jax.tree_util.keystr(path), leaf) for path, leaf in leaves]
    for name, leaf in sorted(named, key=lambda pair: pair[0]):
        digest.update(f"{name}|{leaf.dtype}|{leaf.shape}|".encode())
        digest.update(np.ascontiguousarray(leaf).tobytes())
    return digest.hexdigest()
