"""Two domains of images, with or without pairs. All images are in memory."""

import dataclasses
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.ndimage import map_coordinates

from ganjax.data.feeds import scaled
from ganjax.data.idx import open_fashion_mnist, open_mnist
from ganjax.data.location import locate
from ganjax.data.prepared_images import is_prepared, open_shards, read_manifest
from ganjax.data.source import Arrays, Composed, Items, Source, Spec, in_memory
from ganjax.errors import BadInput

# An edge is where the Sobel gradient of an image in [-1, 1] is longer than this.
STEEP = 1.0
# The counterclockwise rotation of a twin.
TURN = math.radians(15)


def edges(images: jax.Array) -> jax.Array:
    """Return outlines ``[n, H, W, 1]`` of images ``[n, H, W, C]`` in [-1, 1]: 1 where
    the Sobel gradient of the mean over channels is longer than ``STEEP``, otherwise -1.
    The gradient of an ideal step from -1 to 1 has length 2."""
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
    """Turn square images ``[n, H, H, C]`` in [-1, 1] by 15° counterclockwise about
    their centre, fill the corners with -1, then exchange dark and bright."""
    side = images.shape[1]
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    cos, sin = math.cos(TURN), math.sin(TURN)
    came_from = np.stack([cos * y + sin * x, cos * x - sin * y]) + (side - 1) / 2
    came_from = jnp.asarray(came_from, jnp.float32)

    def turned(plane):  # values are at least 0: it fills with zeros
        return map_coordinates(plane, list(came_from), order=1)

    planes = jnp.moveaxis(images, -1, 1) + 1
    return 1 - jnp.moveaxis(jax.vmap(jax.vmap(turned))(planes), 1, -1)


def open_edges_fashion_mnist(directory: str = "") -> Source:
    """Open pairs of the outlines of a garment (``'a'``) and the garment (``'b'``), the
    edges-to-objects task of pix2pix (Isola et al. 2017, arXiv 1611.07004, section 4).

    Raises:
        BadInput: Fashion-MNIST is missing or damaged. The message names ``data.dir``
            and the file.
    """
    source = open_fashion_mnist(directory)
    spec = _of_two(source, "edges_fashion_mnist", paired=True)
    return Source(spec, *(in_pairs(s, edges) for s in (source.train, source.test)))


def open_mnist_twins(directory: str = "") -> Source:
    """Open MNIST digits (``'b'``), and other digits that are turned by 15° and have
    dark and bright exchanged (``'a'``). The training split has no pairs: the domains
    come from different halves of it. The test split has pairs.

    Raises:
        BadInput: MNIST is missing or damaged. The message names ``data.dir`` and the
            file.
    """
    source = open_mnist(directory)
    spec = _of_two(source, "mnist_twins", paired=False)
    return Source(spec, out_of_pairs(source.train, twin), in_pairs(source.test, twin))


def open_image_pairs(directory: str) -> Source:
    """Open two domains of images that ``ganjax prepare`` wrote, from ``trainA`` and
    ``trainB`` folders (without pairs), or with its flag ``--pairs`` (in pairs).

    Raises:
        BadInput: ``directory`` is not such a prepared set, or is damaged.
    """
    path = locate("image_pairs", directory)
    if not is_prepared(path) or read_manifest(path)["kind"] == "images":
        raise BadInput(
            f"data.dir='{path}': expected two domains of images that ganjax prepare "
            "has made, of trainA/ and trainB/ or with --pairs"
        )
    manifest = read_manifest(path)
    name = f"image_pairs:{manifest['name']}"
    if manifest["kind"] == "domains":
        a, b = (open_shards(path / x, read_manifest(path / x)) for x in ("a", "b"))
        spec = Spec(name, a.spec.shape, domains=("a", "b"))
        about = _about_two(a.about, b.about)
        return Source(spec, _apart(a.train, b.train), _apart(a.test, b.test), about)
    joined = open_shards(path, manifest)
    height, width, channels = joined.spec.shape
    shape = height, width // 2, channels
    spec = Spec(name, shape, domains=("a", "b"), paired=True, test_paired=True)
    return Source(spec, _joined(joined.train), _joined(joined.test), joined.about)


def _about_two(a, b):
    counts = {
        split: {"a": a["counts"][split][""], "b": b["counts"][split][""]}
        for split in a["counts"]
    }
    shown = [
        f"{line} (domain {x})" for x, y in (("a", a), ("b", b)) for line in y["shown"]
    ]
    digest = f"{a['digest']} {b['digest']}"
    return {"counts": counts, "digest": digest, "split": a["split"], "shown": shown}


def _apart(first, second):
    def make(arrays, keys):
        pair = jax.vmap(jax.random.split)(keys)
        rows = (_drawn(pair[:, i], 0, len(x)) for i, x in enumerate(arrays))
        a, b = (scaled(x[i]) for x, i in zip(arrays, rows, strict=True))
        return {"a": a, "b": b}

    arrays = in_memory(first).data, in_memory(second).data
    return Composed(arrays, make, _without_labels(arrays[1]))


def _joined(split):
    def make(images, keys):
        both = scaled(images[_drawn(keys, 0, len(images))])
        a, b = jnp.split(both, 2, axis=2)
        return {"a": a, "b": b}

    images = in_memory(split).data
    return Composed(images, make, _without_labels(np.split(images, 2, axis=2)[1]))


def _without_labels(images):
    return Arrays(images, np.zeros(len(images), np.int32))


def _of_two(source, name, paired):
    facts = dict(name=name, domains=("a", "b"), paired=paired, test_paired=True)
    return dataclasses.replace(source.spec, **facts)


def _drawn(keys, first, end):
    return jax.vmap(lambda key: jax.random.randint(key, (), first, end))(keys)


def in_pairs(split: Arrays | Items, to_a: Callable) -> Composed:
    """Return a sampler of pairs ``{'a', 'b', 'label'}``: b is a random image of the
    split, and a is ``to_a(b)``.

    Args:
        to_a: maps images ``[n, H, W, C]`` in [-1, 1] to their partners.
    """
    items = in_memory(split)

    def make(arrays, keys):
        images, labels = arrays
        chosen = _drawn(keys, 0, len(labels))
        b = scaled(images[chosen])
        return {"a": to_a(b), "b": b, "label": labels[chosen]}

    return Composed((items.data, items.label), make)


def out_of_pairs(split: Arrays | Items, to_a: Callable) -> Composed:
    """Return a sampler of ``{'a', 'b', 'label'}`` without pairs: b and its label come
    from the second half of the split, and a is ``to_a`` of an image of the first half.

    Args:
        to_a: maps images ``[n, H, W, C]`` in [-1, 1] to images of domain a.
    """
    items = in_memory(split)

    def make(arrays, keys):
        images, labels = arrays
        half, pair = len(labels) // 2, jax.vmap(jax.random.split)(keys)
        i = _drawn(pair[:, 0], 0, half)
        j = _drawn(pair[:, 1], half, len(labels))
        a, b = to_a(scaled(images[i])), scaled(images[j])
        return {"a": a, "b": b, "label": labels[j]}

    return Composed((items.data, items.label), make)
