"""Networks of sentences: a language model that draws words, and a critic of windows.

A sentence is ``[n, T]``, numbers of words from 0, or one-hot ``[n, T, V]``. The
language model is a long short-term memory (LSTM; Hochreiter & Schmidhuber 1997) with
one layer.
The critic takes the largest value of each filter over all windows of a few words (Kim
2014, arXiv 1408.5882, section 2; as in SeqGAN, Yu et al. 2017, arXiv 1609.05473).
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.errors import BadInput
from ganjax.networks.critic import Critic
from ganjax.networks.heads import CriticOutput
from ganjax.networks.latent_keys import keys_of
from ganjax.networks.layers import Linear
from ganjax.options import option


class WordGenerator(nn.Module):
    """``(z [n, d], relaxation) -> one-hot sentences [n, T, V]``.

    Each word is drawn from its probability given the words before it. The draws are a
    function of the latent's bits, and the latent has no other effect. In training a
    draw has the gradient of softmax((logits + noise) / relaxation) (straight-through
    Gumbel-softmax; Jang et al. 2017, arXiv 1611.01144, section 2.2). In evaluation
    ``temperature`` divides the logits.

    Attributes:
      shape: ``(T,)``.
      vocabulary: V, the number of words.
    """

    shape: tuple[int, ...]
    vocabulary: int = 0
    dtype: jnp.dtype = jnp.float32
    width: int = option(32, "length of word vectors and of the state", least=1)
    temperature: float = option(1.0, "divides logits in evaluation", above=0)

    def setup(self):
        width, words = self.width, self.vocabulary
        vectors = nn.initializers.normal(0.1)
        kernels, zeros = nn.initializers.lecun_normal(), nn.initializers.zeros
        # Word V comes before the first word.
        self.words = self.param("words", vectors, (words + 1, width))
        self.gates = self.param("gates", kernels, (2 * width, 4 * width))
        self.gates_bias = self.param("gates_bias", zeros, (1, 4 * width))
        self.output = self.param("output", kernels, (width, words))
        self.output_bias = self.param("output_bias", zeros, (1, words))

    def __call__(self, z, relaxation=1.0, *, train):
        n, (length,) = z.shape[0], self.shape
        size = length, self.vocabulary
        keys = keys_of(z.reshape(n, -1))
        noise = jax.vmap(lambda key: jax.random.gumbel(key, size))(keys)

        def step(carry, noise):
            state, logits = self._next(*carry)
            noisy = (logits if train else logits / self.temperature) + noise
            word = jax.nn.one_hot(jnp.argmax(noisy, -1), self.vocabulary)
            if train:
                relaxed = jax.nn.softmax(noisy / relaxation)
                word = relaxed + jax.lax.stop_gradient(word - relaxed)
            return (state, word @ self.words[:-1]), word

        _, made = jax.lax.scan(step, self._start(n), jnp.moveaxis(noise, 1, 0))
        return jnp.moveaxis(made, 0, 1)

    def logits(self, tokens, *, train):
        """Return the logits ``[n, T, V]`` of each word of ``tokens [n, T]``, given the
        words before it."""

        def step(carry, word):
            state, logits = self._next(*carry)
            return (state, self.words[word]), logits

        _, made = jax.lax.scan(step, self._start(len(tokens)), jnp.asarray(tokens).T)
        return jnp.moveaxis(made, 0, 1)

    def _start(self, n):
        """Return the state before a sentence, and the vector of the word before it."""
        state = (jnp.zeros((n, self.width)),) * 2
        return state, jnp.broadcast_to(self.words[-1:], (n, self.width))

    def _next(self, state, vector):
        """Return the state after a word, and the logits of the next one."""
        hidden, memory = state
        seen = jnp.concatenate([vector, hidden], -1).astype(self.dtype)
        gates = (seen @ self.gates.astype(self.dtype)).astype(jnp.float32)
        enter, keep, show, new = jnp.split(gates + self.gates_bias, 4, axis=-1)
        memory = nn.sigmoid(keep) * memory + nn.sigmoid(enter) * jnp.tanh(new)
        hidden = nn.sigmoid(show) * jnp.tanh(memory)
        logits = hidden.astype(self.dtype) @ self.output.astype(self.dtype)
        return (hidden, memory), logits.astype(jnp.float32) + self.output_bias


class WordDiscriminator(Critic):
    """``one-hot sentences [n, T, V] -> logits [n]``."""

    width: int = option(32, "length of word vectors", least=1)
    windows: tuple[int, ...] = option((1, 2, 3, 4, 5), "words of a window", least=1)
    filters: int = option(64, "filters of each window", least=1)
    spectral: bool = option(False, "kernels have spectral norm 1")

    @nn.compact
    def full_output(self, x, label=None, *, train) -> CriticOutput:
        length = x.shape[1]
        if max(self.windows) > length:
            raise BadInput(
                f"windows={','.join(map(str, self.windows))}: expected at most {length}"
                f", the words of a sentence"
            )
        how = {"dtype": self.dtype, "spectral": self.spectral}
        words = Linear(self.width, use_bias=False, **how, name="words")(x)
        found = []
        for size in self.windows:
            last = length - size + 1
            window = jnp.concatenate([words[:, i : i + last] for i in range(size)], -1)
            made = Linear(self.filters, **how, name=f"window_{size}")(window)
            found.append(jnp.max(nn.leaky_relu(made, 0.2), 1))
        return self.head(jnp.concatenate(found, -1), label, **how)
