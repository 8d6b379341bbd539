"""A text encoder: a gated recurrent unit (GRU; Cho et al. 2014, arXiv 1406.1078,
section 2.3) that reads a caption forwards, and another one that reads it backwards. As
in PyTorch and cuDNN, the reset gate multiplies the output of the recurrent map, not its
input.

Parameters for V words and width 2·h: (V + 1)·2h for the vectors of words, and for each
direction 2h·3h + 3h for the input and h·3h + h for the recurrence.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.layers import Linear
from ganjax.networks.text import Text, embedded, mask_of
from ganjax.options import option


class TextEncoder(nn.Module):
    """``tokens [n, L] -> Text``. The sentence is the last state of both directions. A
    state does not change at padding, so padding changes nothing.

    Attributes:
      vocabulary: the number of known words.
    """

    vocabulary: int = 0
    dtype: jnp.dtype = jnp.float32
    width: int = option(64, "length of the vectors of words and sentences", least=2)

    @nn.compact
    def __call__(self, tokens, *, train):
        width, mask = self.width, mask_of(tokens)
        inputs = embedded(tokens, self.vocabulary, width, self.dtype)
        halves = {"forwards": width // 2, "backwards": width - width // 2}
        states, ends = zip(
            *(
                _Direction(h, name == "backwards", self.dtype, name=name)(inputs, mask)
                for name, h in halves.items()
            ),
            strict=True,
        )
        words = jnp.concatenate(states, -1) * jnp.expand_dims(mask, -1)
        return Text(jnp.concatenate(ends, -1), words, mask)


class _Direction(nn.Module):
    """``(inputs [n, L, c], mask [n, L]) -> (states [n, L, h], last state [n, h])``."""

    features: int
    reverse: bool
    dtype: jnp.dtype

    @nn.compact
    def __call__(self, inputs, mask):
        h, n = self.features, inputs.shape[0]
        gates = Linear(3 * h, dtype=self.dtype, name="inputs")(inputs)
        init = nn.initializers.orthogonal()
        kernels = [self.param(f"recurrent_{x}", init, (h, h)) for x in "rzn"]
        kernel = jnp.concatenate(kernels, axis=1).astype(self.dtype)
        bias = self.param("bias", nn.initializers.zeros, (1, h))

        def step(state, given):
            gate, known = given
            own = (state.astype(self.dtype) @ kernel).astype(jnp.float32)
            r, z, new = jnp.split(gate.astype(jnp.float32), 3, axis=-1)
            of_r, of_z, of_new = jnp.split(own, 3, axis=-1)
            reset, keep = jax.nn.sigmoid(r + of_r), jax.nn.sigmoid(z + of_z)
            new = jnp.tanh(new + reset * (of_new + bias))
            after = keep * state + (1 - keep) * new
            state = jnp.where(jnp.expand_dims(known, -1) > 0, after, state)
            return state, state

        start = jnp.zeros((n, h), jnp.float32)
        by_word = jnp.moveaxis(gates, 1, 0), jnp.moveaxis(mask, 1, 0)
        end, states = jax.lax.scan(step, start, by_word, reverse=self.reverse)
        return jnp.moveaxis(states, 0, 1), end
