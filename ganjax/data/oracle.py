"""Sentences of an oracle: a language model with random weights, whose likelihood of any
sentence is known (Yu et al. 2017, SeqGAN, arXiv 1609.05473, section 4)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.data.forms import SENTENCES, Form
from ganjax.data.source import Arrays, Source, Spec
from ganjax.options import Option, configured

WIDTH = 32  # of word vectors and of the state, as in the paper
WORDS = Option(500, "words of the oracle's language", least=2)
LENGTH = Option(20, "words of a sentence", least=1)
SENTENCES_OF_A_SPLIT = Option(10_000, "sentences of each split", least=1)
ORACLE = Option(0, "seed of the oracle's weights and of its sentences", least=0)


class Oracle(NamedTuple):
    """A long short-term memory (LSTM; Hochreiter & Schmidhuber 1997) with one layer.

    The gates are, in this order: input, forget, output, and the new memory.

    Attributes:
        words: vectors of words ``[V, d]``.
        inputs, state: kernels ``[d, 4·h]`` and ``[h, 4·h]`` of the gates.
        bias: ``[4·h]``.
        output, output_bias: ``[h, V]`` and ``[V]``, the map to logits of the next word.
    """

    words: jax.Array
    inputs: jax.Array
    state: jax.Array
    bias: jax.Array
    output: jax.Array
    output_bias: jax.Array


def oracle_of(words: int, seed: int) -> Oracle:
    """Return an oracle all of whose weights are drawn from N(0, 1), as in the paper."""
    # Streams of RandomState never change between versions of NumPy.
    rng = np.random.RandomState(seed)
    shapes = (
        (words, WIDTH), (WIDTH, 4 * WIDTH), (WIDTH, 4 * WIDTH), (4 * WIDTH,),
        (WIDTH, words), (words,),
    )  # fmt: skip
    return Oracle(*(jnp.asarray(rng.standard_normal(x), jnp.float32) for x in shapes))


def _next(oracle, carry, word):
    """Return the carry after a word, and the logits of the next word."""
    hidden, memory = carry
    gates = oracle.words[word] @ oracle.inputs + hidden @ oracle.state
    gates = gates + oracle.bias.reshape(1, -1)
    enter, keep, show, new = jnp.split(gates, 4, axis=-1)
    memory = jax.nn.sigmoid(keep) * memory
    memory = memory + jax.nn.sigmoid(enter) * jnp.tanh(new)
    hidden = jax.nn.sigmoid(show) * jnp.tanh(memory)
    logits = hidden @ oracle.output + oracle.output_bias.reshape(1, -1)
    return (hidden, memory), logits


def _start(n):
    """Return the state before a sentence, and the word before it: word 0."""
    return (jnp.zeros((n, WIDTH)),) * 2, jnp.zeros(n, jnp.int32)


@jax.jit
def log_likelihood(oracle: Oracle, tokens: jax.Array) -> jax.Array:
    """Return the logarithm of the probability of each sentence of ``tokens [n, T]``,
    ``[n]``, in nats."""

    def step(carry, word):
        state, before = carry
        state, logits = _next(oracle, state, before)
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), word[:, None], 1)
        return (state, word), chosen[:, 0]

    _, found = jax.lax.scan(step, _start(len(tokens)), jnp.asarray(tokens).T)
    return jnp.sum(found, 0)


def sentences_of(oracle: Oracle, key: jax.Array, n: int, length: int) -> np.ndarray:
    """Draw ``n`` sentences, int32 ``[n, length]``."""

    def step(carry, key):
        state, logits = _next(oracle, *carry)
        word = jax.random.categorical(key, logits).astype(jnp.int32)
        return (state, word), word

    @jax.jit
    def draw(key):
        return jax.lax.scan(step, _start(n), jax.random.split(key, length))[1].T

    return np.asarray(draw(key))


@configured(words=WORDS, length=LENGTH, sentences=SENTENCES_OF_A_SPLIT, oracle=ORACLE)
def open_oracle_words(
    directory: str = "", words: int = 500, length: int = 20, sentences: int = 10_000,
    oracle: int = 0,
) -> Source:  # fmt: skip
    """Open sentences of an oracle: int32 ``[length]``, numbers of words from 0. Ignores
    ``directory``. The paper has 5,000 words and 10,000 training sentences."""
    model = oracle_of(words, oracle)
    keys = jax.random.split(jax.random.key(oracle))
    splits = [
        Arrays(
            sentences_of(model, key, sentences, length), np.zeros(sentences, np.int32)
        )
        for key in keys
    ]
    form = Form(SENTENCES, tuple(f"w{i}" for i in range(words)))
    spec = Spec("oracle_words", (length,), form=form)
    return Source(spec, *splits, {"oracle": oracle})
