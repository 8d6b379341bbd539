"""The distance between two images that a projection minimises.

With an extractor it has the form of LPIPS (Zhang et al. 2018, arXiv 1801.03924, eq. 1)
with weights of 1: at each place of a map the channels become a vector of length 1, the
squared differences are summed over channels and averaged over places, and all maps are
added. Without an extractor it is the mean squared difference of the values in [-1, 1].
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp

from ganjax.data.alpha import blended_on_white, has_alpha

# Keeps the gradient of the length finite where all channels are 0.
LEAST = 1e-10

Maps = Callable[[jax.Array], Sequence[jax.Array]]


def looks(maps: Maps | None, images: jax.Array) -> list[jax.Array]:
    """Return one array ``[n, d]`` for each feature map, or one array for pixels.

    The distance between two images is the sum of the squared differences between their
    rows in all these arrays.

    Args:
      maps: the attribute ``maps`` of an ``Extractor``; ``None`` for pixels.
      images: ``[n, H, W, C]`` in [-1, 1]; values outside are not clipped.
    """
    if maps is None:
        flat = images.reshape(images.shape[0], -1)
        return [flat / jnp.sqrt(flat.shape[1])]
    if has_alpha(images.shape[1:]):
        images = blended_on_white(images)
    # By default, tensor cores round every product to ten bits.
    with jax.default_matmul_precision("float32"):
        found = maps((images + 1) * 127.5)
    return [_of_unit_length(x) for x in found]


def _of_unit_length(x):
    n, height, width, _ = x.shape
    x = x * jax.lax.rsqrt(jnp.sum(x**2, axis=-1, keepdims=True) + LEAST)
    return x.reshape(n, -1) / jnp.sqrt(height * width)


def distances(one: Sequence[jax.Array], other: Sequence[jax.Array]) -> jax.Array:
    """Return the distances ``[n]`` between pairs of images.

    Args:
      one, other: the ``looks`` of the first and of the second images of the pairs.
    """
    gaps = [jnp.sum((a - b) ** 2, axis=1) for a, b in zip(one, other, strict=True)]
    return jnp.sum(jnp.stack(gaps), axis=0)


def all_distances(one: Sequence[jax.Array], other: Sequence[jax.Array]) -> jax.Array:
    """Return the distances ``[n, m]`` of each of ``n`` images from each of ``m``.

    Args:
      one, other: the ``looks`` of the ``n`` images and of the ``m`` images.
    """

    def squared(a, b):
        norms = jnp.sum(a**2, 1)[:, None] + jnp.sum(b**2, 1)[None]
        return norms - 2 * jnp.matmul(a, b.T, precision="float32")

    gaps = [squared(a, b) for a, b in zip(one, other, strict=True)]
    return jnp.sum(jnp.stack(gaps), axis=0)
