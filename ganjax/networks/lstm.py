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
        init = nn.initializers.normal(0.1)
        how = {"dtype": self.dtype}
        # Word V comes before the first word.
        self.words = self.param("words", init, (self.vocabulary + 1, self.width))
        self.gates = Linear(4 * self.width, **how)
        self.output = Linear(self.vocabulary, **how)

    def __call__(self, z, relaxation=1.0, *, train):
        n, (length,) = z.shape[0], self.shape
        keys = keys_of(z.reshape(n, -1))
        noise = jax.vmap(lambda key: jax.random.gumbel(key, (length, self.vocabulary)))(
            keys
        )
        state, vector, made = self._start(n), self._first(n), []
        for i in range(length):
            state, logits = self._next(state, vector)
            if not train:
                logits = logits / self.temperature
            noisy = logits + noise[:, i]
            word = jax.nn.one_hot(jnp.argmax(noisy, -1), self.vocabulary)
            if train:
                relaxed = jax.nn.softmax(noisy / relaxation)
                word = relaxed + jax.lax.stop_gradient(word - relaxed)
            made.append(word)
            vector = word @ self.words[:-1]
        return jnp.stack(made, 1)

    def logits(self, tokens, *, train):
        """Return the logits ``[n, T, V]`` of each word of ``tokens [n, T]``, given the
        words before it."""
        n, length = tokens.shape
        state, vector, made = self._start(n), self._first(n), []
        for i in range(length):
            state, logits = self._next(state, vector)
            made.append(logits)
            vector = self.words[tokens[:, i]]
        return jnp.stack(made, 1)

    def _start(self, n):
        return (jnp.zeros((n, self.width)),) * 2

    def _first(self, n):
        return jnp.broadcast_to(self.words[-1:], (n, self.width))

    def _next(self, state, vector):
        hidden, memory = state
        gates = self.gates(jnp.concatenate([vector, hidden], -1)).astype(jnp.float32)
        enter, keep, show, new = jnp.split(gates, 4, axis=-1)
        memory = nn.sigmoid(keep) * memory + nn.sigmoid(enter) * jnp.tanh(new)
        hidden = nn.sigmoid(show) * jnp.tanh(memory)
        return (hidden, memory), self.output(hidden).astype(jnp.float32)


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
