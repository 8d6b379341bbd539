"""Scores of time series ``[n, T, D]`` with values in [0, 1], by recurrent networks that
are trained after the game (Yoon et al. 2019, Time-series generative adversarial
networks, section 5).

Each network is one layer of a GRU and a linear map. The authors' code gives it D/2
units, which are 2 for five sines. Here it has 24, so the test is harder to pass.
"""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from ganjax.errors import Uncomputable
from ganjax.networks.layers import Linear
from ganjax.networks.recurrent import Gru

UNITS, BATCH, RATE = 24, 128, 1e-3
CLASSIFIED, PREDICTED = 2000, 5000  # updates of each network, as in the authors' code
TRAINED = 0.8  # share of the series that the classifier is trained on


class _Judge(nn.Module):
    """``series [n, T, c] -> one number at each step [n, T]``."""

    @nn.compact
    def __call__(self, x):
        return Linear(1, name="output")(Gru(UNITS, name="layer")(x))[..., 0]


def discriminative_score(
    real: np.ndarray, fake: np.ndarray, seed: int = 0, updates: int = CLASSIFIED
) -> float:
    """Return |accuracy − ½| of a classifier of real and generated series, on series
    that it has not seen: 0 if it only guesses, ½ if it is always right.

    Args:
      real, fake: series ``[n, T, D]``; of the larger set, the first ones count.
      seed: chooses the training series, the batches and the initial weights.

    Raises:
      Uncomputable: with fewer than 10 series of each kind.
    """
    n = min(len(real), len(fake))
    if n < 10:
        raise Uncomputable(f"{n} series of each kind, expected at least 10")
    cut = int(TRAINED * n)
    rng = np.random.default_rng(seed)
    sides = [np.asarray(x[:n], np.float32)[rng.permutation(n)] for x in (real, fake)]

    def loss(logits, target):
        return jnp.mean(optax.sigmoid_binary_cross_entropy(logits[:, -1], target))

    inputs = np.concatenate([x[:cut] for x in sides])
    target = np.repeat(np.array([1, 0], np.float32), cut)
    judge = _trained(inputs, target, loss, seed, updates)
    right = [
        (judge(x[cut:])[:, -1] > 0) == is_real
        for x, is_real in zip(sides, (True, False), strict=True)
    ]
    return float(abs(np.mean(np.concatenate(right)) - 0.5))


def predictive_score(
    train: np.ndarray, test: np.ndarray, seed: int = 0, updates: int = PREDICTED
) -> float:
    """Return the mean absolute error, on ``test``, of a network that is trained on
    ``train`` to predict the last variable of the next step, given the other variables
    up to this step. A single variable is predicted from itself.

    Args:
      train, test: series ``[n, T, D]``.
      seed: chooses the batches and the initial weights.
    """

    def split(x):
        x = np.asarray(x, np.float32)
        known = x[:, :-1, :-1] if x.shape[2] > 1 else x[:, :-1]
        return known, x[:, 1:, -1]

    def loss(logits, target):
        return jnp.mean(jnp.abs(jax.nn.sigmoid(logits) - target))

    inputs, wanted = split(train)
    judge = _trained(inputs, wanted, loss, seed, updates)
    known, target = split(test)
    return float(np.mean(np.abs(jax.nn.sigmoid(judge(known)) - target)))


def shuffled(series: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return series ``[n, T, D]`` with the steps of each one in a random order. Each
    value keeps its frequency, and all of the dynamics is lost."""
    rng = np.random.default_rng(seed)
    order = rng.permuted(np.tile(np.arange(series.shape[1]), (len(series), 1)), axis=1)
    return np.take_along_axis(np.asarray(series), order[..., None], axis=1)


def _trained(
    inputs: np.ndarray, target: np.ndarray, loss: Callable, seed: int, updates: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Return a network that was trained on random batches by Adam."""
    module, optimizer = _Judge(), optax.adam(RATE)
    key = jax.random.key(seed)

    @jax.jit
    def fit(inputs, target) -> Any:
        params = module.init(key, inputs[:1])

        def update(carry, i):
            params, state = carry
            rows = jax.random.randint(
                jax.random.fold_in(key, i), (BATCH,), 0, len(inputs)
            )

            def price(params):
                return loss(module.apply(params, inputs[rows]), target[rows])

            steps, state = optimizer.update(jax.grad(price)(params), state, params)
            return (optax.apply_updates(params, steps), state), None

        start = params, optimizer.init(params)
        return jax.lax.scan(update, start, jnp.arange(updates))[0][0]

    params = fit(inputs, target)
    return lambda x: np.asarray(jax.jit(module.apply)(params, x))
