"""Generated and held-out samples for evaluators and pictures."""

import functools
import math

import jax
import numpy as np

from ganjax.core import Decoder, Game, GameState, averaged, child_key
from ganjax.data import Arrays, in_memory, samples, scaled
from ganjax.evaluation.standing import standing

_CHUNK = 250


@functools.lru_cache(maxsize=8)
def _compiled(game):
    def some(variables, keys):
        def apply(network, *inputs):
            return game.networks[network](variables[network], *inputs)

        return game.sample(apply, keys)

    return jax.jit(some)


def draw(game: Game, state: GameState, key: jax.Array, n: int) -> np.ndarray:
    """``n`` samples ``[n, …]`` of the finished game, by the averaged parameters, in
    evaluation mode, with the averaged batch statistics or, as the game says, with
    ``standing`` ones.

    Sample ``i`` depends on ``key`` and ``i`` alone. Works in chunks of one size, so it
    compiles once and memory is bounded.
    """
    variables = averaged(game, state)
    device = min(jax.tree.leaves(variables)[0].devices(), key=lambda d: d.id)
    variables = jax.device_put(variables, device)
    if game.standing:
        variables = standing(game, variables, child_key(key, "standing"))
    size = min(n, _CHUNK)
    chunks = []
    for first in range(0, math.ceil(n / size) * size, size):
        keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(first + np.arange(size))
        chunks.append(np.asarray(_compiled(game)(variables, keys)))
    return np.concatenate(chunks)[:n]


def asked_labels(game: Game, n: int) -> np.ndarray | None:
    """The labels ``[n]`` that ``draw`` asks for; ``None`` if it asks for none."""
    if not isinstance(game.sample, Decoder) or not game.sample.classes:
        return None
    size = min(n, _CHUNK)
    return np.resize(np.asarray(game.sample.labels(size)), n)


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
