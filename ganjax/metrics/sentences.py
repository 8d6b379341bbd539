"""Language models of sentences ``[n, T]``, numbers of words from 0, that are trained
after the game, by maximum likelihood."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ganjax.networks.lstm import WordGenerator

BATCH, RATE = 64, 1e-2
CHUNK = 1000  # sentences that are judged or drawn at a time


class LanguageModel(NamedTuple):
    """A trained language model: a network and its variables."""

    module: WordGenerator
    variables: Any


def trained(
    tokens: np.ndarray, words: int, *, seed: int = 0, updates: int = 3000,
    width: int = 32,
) -> LanguageModel:  # fmt: skip
    """Train a language model on sentences ``[n, T]``, by Adam on random batches.

    A fifth of the sentences chooses when to stop: the result is the model of the best
    of ten times, by their likelihood.

    Args:
      words: the number of words of the language.
      seed: chooses the batches and the initial weights.
    """
    tokens = np.asarray(tokens, np.int32)
    module = WordGenerator((tokens.shape[1],), words, width=width)
    order = np.random.default_rng(seed).permutation(len(tokens))
    cut = max(1, len(tokens) // 5)
    kept, own = tokens[order[:cut]], jnp.asarray(tokens[order[cut:]])
    key, parts = jax.random.key(seed), 10
    optimizer = optax.adam(optax.exponential_decay(RATE, updates, 0.1))

    def price(variables, some):
        return -jnp.mean(_log_likelihood(module, variables, some))

    def update(carry, i):
        variables, state = carry
        rows = jax.random.randint(jax.random.fold_in(key, i), (BATCH,), 0, len(own))
        slope = jax.grad(price)(variables, own[rows])
        steps, state = optimizer.update(slope, state, variables)
        return (optax.apply_updates(variables, steps), state), None

    @jax.jit
    def part(carry, first):
        return jax.lax.scan(update, carry, first + jnp.arange(updates // parts))[0]

    variables = module.init(key, jnp.zeros((1, 1)), train=True)
    carry, best = (variables, optimizer.init(variables)), (np.inf, variables)
    for i in range(parts):
        carry = part(carry, i * (updates // parts))
        found = LanguageModel(module, carry[0])
        best = min(best, (nll(found, kept), carry[0]), key=lambda pair: pair[0])
    return LanguageModel(module, best[1])


def nll(model: LanguageModel, tokens: np.ndarray) -> float:
    """Return the mean of −log p of a word of ``tokens [n, T]``, in nats."""
    found = [
        np.asarray(_judged(model.module)(model.variables, some))
        for some in _chunks(tokens)
    ]
    return -float(np.mean(np.concatenate(found)))


def drawn(
    model: LanguageModel, n: int, *, temperature: float = 1.0, seed: int = 0
) -> np.ndarray:
    """Return ``n`` sentences ``[n, T]`` of a model whose logits are divided by a
    temperature."""
    module = model.module.clone(temperature=temperature)
    z = jax.random.normal(jax.random.key(seed), (n, 4))
    made = jax.jit(lambda variables, z: module.apply(variables, z, train=False))
    found = [np.asarray(made(model.variables, some).argmax(-1)) for some in _chunks(z)]
    return np.concatenate(found)


def _chunks(x):
    return [x[i : i + CHUNK] for i in range(0, len(x), CHUNK)]


def _log_likelihood(module, variables, tokens):
    """Return log p of each word, ``[n, T]``."""
    logits = module.apply(variables, tokens, train=True, method="logits")
    found = jax.nn.log_softmax(logits)
    return jnp.take_along_axis(found, jnp.expand_dims(tokens, -1), -1)[..., 0]


def _judged(module) -> Callable:
    def judge(variables, tokens):
        return _log_likelihood(module, variables, jnp.asarray(tokens, jnp.int32))

    return jax.jit(judge)
