"""Encoded captions: the output of every text encoder."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from ganjax.networks.layers import Linear


class Text(NamedTuple):
    """Encoded captions. Networks take it as their second input, in the place of labels.

    Attributes:
      sentence: ``[n, d]``, one vector for a caption.
      words: ``[n, L, d]``, one vector for each word; 0 at padding.
      mask: float32 ``[n, L]``, 1 at words and 0 at padding.
    """

    sentence: jax.Array
    words: jax.Array
    mask: jax.Array


def embedded(tokens: jax.Array, words: int, width: int, dtype) -> jax.Array:
    """Return a learned vector for each token, ``[n, L, width]``. Call it inside a
    compact method.

    Args:
      tokens: int32 ``[n, L]``, numbers of words from 1, and 0 for padding.
      words: the number of known words.
    """
    one_hot = jax.nn.one_hot(tokens, words + 1, dtype=dtype)
    init = jax.nn.initializers.normal(1.0)
    made = Linear(width, use_bias=False, kernel_init=init, dtype=dtype, name="words")
    return made(one_hot)


def mask_of(tokens: jax.Array) -> jax.Array:
    """Return the mask of ``Text`` for tokens ``[n, L]``."""
    return (tokens > 0).astype(jnp.float32)
