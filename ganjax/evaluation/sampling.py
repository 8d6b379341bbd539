"""Generated and held-out samples for evaluators and pictures."""

import functools
import math

import jax
import numpy as np

from ganjax.core import Decoder, Game, GameState, averaged, child_key
from ganjax.data import Arrays, in_memory, samples, scaled
from ganjax.errors import BadInput
from ganjax.evaluation.standing import standing

_CHUNK = 250


@functools.lru_cache(maxsize=8)
def _compiled(game):
    return jax.jit(lambda v, keys, first: game.generate(game.finished(v), keys, first))


def draw(game: Game, state: GameState, key: jax.Array, n: int) -> np.ndarray:
    """``n`` samples ``[n, …]`` of the finished game, by the averaged parameters, in
    evaluation mode, with the averaged batch statistics or, as the game says, with
    ``standing`` ones.

    Sample ``i`` depends on ``key`` and ``i`` alone. Works in chunks of one size, so it
    compiles once and memory is bounded.
    """
    variables = variables_of(game, state)
    if game.standing:
        variables = standing(game, variables, child_key(key, "standing"))
    size = min(n, _CHUNK)
    chunks = []
    for first in range(0, math.ceil(n / size) * size, size):
        keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(first + np.arange(size))
        chunks.append(np.asarray(_compiled(game)(variables, keys, first)))
    return np.concatenate(chunks)[:n]


@functools.lru_cache(maxsize=16)
def _able(game, ability):
    if ability == "decode":
        return jax.jit(
            lambda v, z, first: game.sample.decode(
                game.steady(v), z, game.sample.labels(len(z), first)
            )
        )
    return jax.jit(lambda v, x, first: game.abilities[ability](game.steady(v), x))


def ask(game: Game, state: GameState, ability: str, x: np.ndarray) -> np.ndarray:
    """What the finished game makes of ``x [n, …]`` by one of its abilities, or by
    ``'decode'`` of its samples' latents; parameters and chunks as in ``draw``.

    What is not of a whole chunk is padded with zeros and the result of that dropped.
    """
    variables = variables_of(game, state)
    size = min(len(x), _CHUNK)
    found = []
    for first in range(0, len(x), size):
        part = x[first : first + size]
        padding = [(0, size - len(part)), *[(0, 0)] * (x.ndim - 1)]
        made = _able(game, ability)(variables, np.pad(part, padding), first)
        found.append(np.asarray(made)[: len(part)])
    return np.concatenate(found)


def require(game: Game, ability: str, evaluator: str) -> None:
    """Raises ``BadInput`` unless the game can do what an evaluator asks of it."""
    if ability not in game.abilities:
        there = ", ".join(sorted(game.abilities)) or "nothing"
        raise BadInput(
            f"evaluation.names='{evaluator}': expected a game with the ability "
            f"'{ability}', and this one has {there}"
        )


def variables_of(game: Game, state: GameState) -> dict:
    """Averaged variables by network, on one device."""
    variables = averaged(game, state)
    device = min(jax.tree.leaves(variables)[0].devices(), key=lambda d: d.id)
    return jax.device_put(variables, device)


def asked_labels(game: Game, n: int) -> np.ndarray | None:
    """The labels ``[n]`` that ``draw`` asks for; ``None`` if it asks for none."""
    if not isinstance(game.sample, Decoder) or not game.sample.classes:
        return None
    return np.asarray(game.sample.labels(n))


def held_out(split, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """At most ``n`` real ``(samples [n, …], labels [n])`` of a split, as the networks
    see them; a seeded choice where there are more."""
    if callable(split):
        batch = samples(split, jax.random.split(jax.random.key(seed), n))
        # Of two unpaired domains the second is what generated samples resemble.
        data = batch["data"] if "data" in batch else batch["b"]
        label = batch.get("label", np.zeros(n, np.int32))
        return np.asarray(data), np.asarray(label)
    chosen = np.random.default_rng(seed).permutation(len(split))[:n]
    if isinstance(split, Arrays):
        data, label = split.data[chosen], split.label[chosen]
    else:
        items = in_memory(_Chosen(split, chosen))
        data, label = items.data, items.label
    return np.asarray(scaled(data)), label


class _Chosen:
    """Some items of a split, as a split."""

    def __init__(self, items, chosen):
        self._items, self._chosen = items, chosen

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, index: int):
        return self._items[int(self._chosen[index])]
