"""Two domains of images whose true translation is known, in pairs or not."""

import dataclasses
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.ndimage import map_coordinates

from ganjax.data.feeds import scaled
from ganjax.data.idx import open_fashion_mnist, open_mnist
from ganjax.data.source import Arrays, Composed, Items, Source, in_memory

# Of the gradient of an image in [-1, 1], by Sobel's operator, at an edge.
STEEP = 1.0
# By which the twin of an image is turned, against the clock.
TURN = math.radians(15)


def edges(images: jax.Array) -> jax.Array:
    """Outlines ``[n, H, W, 1]``, 1 on an edge and -1 elsewhere, of images ``[n, H, W,
    C]`` in [-1, 1]: where the length of Sobel's gradient of the mean over channels,
    which an ideal step from -1 to 1 gives as 2, passes ``STEEP``."""
    grey = jnp.pad(images.mean(-1), ((0, 0), (1, 1), (1, 1)), mode="edge")
    h, w = images.shape[1:3]

    def at(i, j):
        return grey[:, 1 + i : 1 + i + h, 1 + j : 1 + j + w]

    def slope(turned):
        def side(sign):
            return sum(
                weight * (at(k, sign) if turned else at(sign, k))
                for k, weight in ((-1, 0.25), (0, 0.5), (1, 0.25))
            )

        return side(1) - side(-1)

    length = jnp.sqrt(slope(False) ** 2 + slope(True) ** 2)
    return jnp.where(length > STEEP, 1.0, -1.0)[..., None]


def twin(images: jax.Array) -> jax.Array:
    """Square images ``[n, H, H, C]`` in [-1, 1] turned by ``TURN`` about their centre,
    with -1 around them, and then with dark for bright."""
    side = images.shape[1]
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    cos, sin = math.cos(TURN), math.sin(TURN)
    came_from = np.stack([cos * y + sin * x, cos * x - sin * y]) + (side - 1) / 2
    came_from = jnp.asarray(came_from, jnp.float32)

    def turned(plane):  # of numbers from 0 on, as there are zeros around it
        return map_coordinates(plane, list(came_from), order=1)

    planes = jnp.moveaxis(images, -1, 1) + 1
    return 1 - jnp.moveaxis(jax.vmap(jax.vmap(turned))(planes), 1, -1)


def open_edges_fashion_mnist(directory: str = "") -> Source:
    """Outlines of garments (``'a'``) and the garments (``'b'``), in pairs: the
    edges-to-objects of pix2pix (Isola et al. 2017, arXiv 1611.07004, section 4).

    Raises:
        BadInput: as ``open_fashion_mnist``.
    """
    source = open_fashion_mnist(directory)
    spec = _of_two(source, "edges_fashion_mnist", paired=True)
    return Source(spec, *(in_pairs(s, edges) for s in (source.train, source.test)))


def open_mnist_twins(directory: str = "") -> Source:
    """Digits (``'b'``) and the ``twin`` of other digits (``'a'``): no training sample
    of one domain has its pair in the other. The test split is in pairs.

    Raises:
        BadInput: as ``open_mnist``.
    """
    source = open_mnist(directory)
    spec = _of_two(source, "mnist_twins", paired=False)
    return Source(spec, out_of_pairs(source.train, twin), in_pairs(source.test, twin))


def _of_two(source, name, paired):
    facts = dict(name=name, domains=("a", "b"), paired=paired, test_paired=True)
    return dataclasses.replace(source.spec, **facts)


def _drawn(keys, first, end):
    return jax.vmap(lambda key: jax.random.randint(key, (), first, end))(keys)


def in_pairs(split: Arrays | Items, to_a: Callable) -> Composed:
    """``{'a', 'b', 'label'}`` where a is made of the b beside it."""
    items = in_memory(split)

    def make(arrays, keys):
        images, labels = arrays
        chosen = _drawn(keys, 0, len(labels))
        b = scaled(images[chosen])
        return {"a": to_a(b), "b": b, "label": labels[chosen]}

    return Composed((items.data, items.label), make)


def out_of_pairs(split: Arrays | Items, to_a: Callable) -> Composed:
    """``{'a', 'b', 'label'}`` where a is made of the first half of the split, and b,
    whose label it is, is of the second."""
    items = in_memory(split)

    def make(arrays, keys):
        images, labels = arrays
        half, pair = len(labels) // 2, jax.vmap(jax.random.split)(keys)
        i = _drawn(pair[:, 0], 0, half)
        j = _drawn(pair[:, 1], half, len(labels))
        a, b = to_a(scaled(images[i])), scaled(images[j])
        return {"a": a, "b": b, "label": labels[j]}

    return Composed((items.data, items.label), make)
