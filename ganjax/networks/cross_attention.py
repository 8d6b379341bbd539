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
    """``x + o`` for ``x [n, H, W, C]``, where each pixel of ``o`` is a linear map of a
    weighted mean over the words of its caption.

    There are ``heads`` heads of C/heads channels, or one if ``heads`` does not divide
    C. With d numbers in a word it has 2·C² + 2·d·C parameters.

    With ``spectral`` the kernels of values and of the last map have spectral norm 1.
    The kernels of queries and keys do not: weights would then be almost equal, and
    attention by products has no Lipschitz constant in any case (Kim et al. 2021, arXiv
    2006.04710, theorem 3.1).
    """

    heads: int = 4
    spectral: bool = False
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x, text: Text):
        n, height, width, c = x.shape
        heads = self.heads if c % self.heads == 0 else 1

        def mapped(x, name, spectral=False):
            how = {"spectral": spectral, "dtype": self.dtype, "name": name}
            return Linear(c, use_bias=False, **how)(x)

        def of_heads(x):
            return x.reshape(n, -1, heads, c // heads)

        query = of_heads(mapped(x, "query"))
        key = of_heads(mapped(text.words, "key"))
        value = of_heads(mapped(text.words, "value", self.spectral))
        scores = jnp.einsum("nphc,nwhc->nhpw", query, key).astype(jnp.float32)
        mask = text.mask.reshape(n, 1, 1, -1)
        scores = jnp.where(mask > 0, scores / math.sqrt(c // heads), _NEVER)
        weights = jax.nn.softmax(scores).astype(self.dtype)
        seen = jnp.einsum("nhpw,nwhc->nphc", weights, value)
        seen = seen.reshape(n, height, width, c)
        return x + mapped(seen, "output", self.spectral)
