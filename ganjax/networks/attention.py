"""Self-attention over the pixels of a feature map (Zhang et al. 2019, arXiv 1805.08318,
section 3)."""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.layers import Conv


class SelfAttention(nn.Module):
    """``x + γ·o`` for ``x [n, H, W, C]``, where each pixel of ``o`` attends to all
    pixels of ``x`` (Zhang et al. 2019, eq. 3). γ starts at 0, so the layer starts as
    the identity.

    As in the authors' code, but unlike the paper's equations, keys and values are
    max-pooled over 2×2 pixels, so H and W must be even, and values have C/2 channels.
    Queries and keys have C/8 channels. There are no biases, and 5/4·C² + 1 parameters.
    """

    spectral: bool = True
    kernel_init: Callable = nn.initializers.xavier_uniform()
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x):
        n, h, w, c = x.shape

        options = {"kernel": 1, "use_bias": False, "spectral": self.spectral}
        options |= {"kernel_init": self.kernel_init, "dtype": self.dtype}

        def mapped(x, features, name):
            return Conv(max(1, features), name=name, **options)(x)

        def pooled(x):
            largest = x.reshape(n, h // 2, 2, w // 2, 2, x.shape[-1]).max((2, 4))
            return largest.reshape(n, h * w // 4, x.shape[-1])

        query = mapped(x, c // 8, "query")
        query = query.reshape(n, h * w, query.shape[-1])
        key = pooled(mapped(x, c // 8, "key"))
        value = pooled(mapped(x, c // 2, "value"))
        scores = jnp.einsum("nqc,nkc->nqk", query, key)
        weights = jax.nn.softmax(scores.astype(jnp.float32)).astype(self.dtype)
        seen = jnp.einsum("nqk,nkc->nqc", weights, value)
        seen = mapped(seen.reshape(n, h, w, value.shape[-1]), c, "output")
        gamma = self.param("gamma", nn.initializers.zeros, ())
        return x + gamma.astype(self.dtype) * seen
