"""Multi-head self-attention over a sequence of tokens (Vaswani et al. 2017, arXiv
1706.03762, section 3.2)."""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.errors import BadInput
from ganjax.networks.layers import Linear


class MultiHeadAttention(nn.Module):
    """``x [n, T, C] -> [n, T, C]``: each token attends to all tokens. There are
    ``heads`` heads of C/heads channels, and 4·(C² + C) parameters.

    Raises:
      BadInput: if ``heads`` does not divide C.
    """

    heads: int
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x):
        n, tokens, c = x.shape
        if c % self.heads:
            raise BadInput(
                f"heads={self.heads}: expected a divisor of the {c} channels of a token"
            )
        width = c // self.heads

        def linear(x, name):
            init = nn.initializers.xavier_uniform()
            return Linear(c, kernel_init=init, dtype=self.dtype, name=name)(x)

        query, key, value = (
            linear(x, name).reshape(n, tokens, self.heads, width)
            for name in ("query", "key", "value")
        )
        scores = jnp.einsum("nqhc,nkhc->nhqk", query, key).astype(jnp.float32)
        weights = jax.nn.softmax(scores / math.sqrt(width)).astype(self.dtype)
        seen = jnp.einsum("nhqk,nkhc->nqhc", weights, value)
        return linear(seen.reshape(n, tokens, c), "output")
