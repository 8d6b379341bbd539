"""Attention of the pixels of a feature map to the words of a caption (as in AttnGAN; Xu
et al. 2018, arXiv 1711.10485, section 3.1, with keys as in Vaswani et al. 2017, arXiv
1706.03762)."""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.layers import Linear
from ganjax.networks.text import Text

# The weight of padding is exp of this, which is exactly 0.
_NEVER = -1e9


class CrossAttention(nn.Module):
    """``x + γ·o`` for ``x [n, H, W, C]``, where each pixel of ``o`` is a weighted mean
    over the words of its caption. γ starts at 0, so the layer starts as the identity.

    There are ``heads`` heads of C/heads channels, or one if ``heads`` does not divide
    C. With d numbers in a word it has 2·C² + 2·d·C + 1 parameters.
    """

    heads: int = 4
    spectral: bool = False
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x, text: Text):
        n, height, width, c = x.shape
        heads = self.heads if c % self.heads == 0 else 1

        def mapped(x, name):
            how = {"spectral": self.spectral, "dtype": self.dtype, "name": name}
            return Linear(c, use_bias=False, **how)(x)

        def of_heads(x):
            return x.reshape(n, -1, heads, c // heads)

        query = of_heads(mapped(x, "query"))
        key, value = (of_heads(mapped(text.words, name)) for name in ("key", "value"))
        scores = jnp.einsum("nphc,nwhc->nhpw", query, key).astype(jnp.float32)
        mask = text.mask.reshape(n, 1, 1, -1)
        scores = jnp.where(mask > 0, scores / math.sqrt(c // heads), _NEVER)
        weights = jax.nn.softmax(scores).astype(self.dtype)
        seen = jnp.einsum("nhpw,nwhc->nphc", weights, value)
        seen = mapped(seen.reshape(n, height, width, c), "output")
        gamma = self.param("gamma", nn.initializers.zeros, ())
        return x + gamma.astype(self.dtype) * seen
