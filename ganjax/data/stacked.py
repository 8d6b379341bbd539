"""Stacked MNIST: three random digits as the channels of one image; 1,000 modes."""

import jax
import jax.numpy as jnp

from ganjax.data.feeds import scaled
from ganjax.data.idx import open_mnist
from ganjax.data.source import Arrays, Composed, Items, Source, Spec, in_memory

DIGITS = 3


def open_stacked_mnist(directory: str) -> Source:
    """Open stacks of three MNIST digits, ``[28, 28, 3]`` in [-1, 1]. The label of the
    digits a, b and c is the number abc (Metz et al. 2017, arXiv 1611.02163, section
    3.3.1). A stack is made when a batch needs it, as in Lin et al. 2018
    (arXiv 1712.04086).

    Raises:
        BadInput: MNIST is missing or damaged. The message names ``data.dir`` and the
            file.
    """
    source = open_mnist(directory)
    height, width, _ = source.spec.shape
    classes = tuple(f"{number:0{DIGITS}}" for number in range(10**DIGITS))
    spec = Spec("stacked_mnist", (height, width, DIGITS), classes, stacked=True)
    return Source(spec, stacked(source.train), stacked(source.test))


def stacked(split: Arrays | Items) -> Composed:
    """Return a sampler of stacks: images whose ``DIGITS`` channels are random images of
    a split.

    Args:
        split: images of one channel with labels 0 to 9.
    """
    items = in_memory(split)

    def make(arrays, keys):
        images, labels = arrays

        def one(key):
            chosen = jax.random.randint(key, (DIGITS,), 0, len(labels))
            channels = jnp.moveaxis(images[chosen][..., 0], 0, -1)
            place = 10 ** jnp.arange(DIGITS - 1, -1, -1)
            return {"data": scaled(channels), "label": jnp.sum(labels[chosen] * place)}

        return jax.vmap(one)(keys)

    return Composed((items.data, items.label), make)
