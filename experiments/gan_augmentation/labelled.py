"""Few labelled images of MNIST and Fashion-MNIST, at 16×16 pixels.

At half the resolution a step costs a quarter, and the classes are still readable.
"""

import numpy as np

from ganjax.data import Arrays, Source, Spec, in_memory, open_source
from ganjax.options import Option, configured

SIDE = 16
OPTIONS = {
    "per_class": Option(0, "labelled images of a class", least=0, zero="all"),
    "draw": Option(0, "seed that chooses the labelled images", least=0),
}


def halved(images: np.ndarray) -> np.ndarray:
    """Return uint8 images ``[n, 28, 28, 1]`` at 16×16 pixels: with a border of two
    pixels, then the mean of every 2×2 pixels, rounded."""
    wide = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)))
    blocks = wide.reshape(len(wide), SIDE, 2, SIDE, 2, 1)
    return np.rint(blocks.mean((2, 4), dtype=np.float32)).astype(np.uint8)


def some_of_each(label: np.ndarray, per_class: int, draw: int) -> np.ndarray:
    """Return the rows of ``per_class`` random samples of each class, class by class.

    Args:
      label: ``[N]``.
      per_class: samples of a class. A smaller choice is a part of a larger one.
      draw: the seed of the choice.
    """
    order = np.random.default_rng(draw).permutation(len(label))
    return np.concatenate(
        [order[label[order] == k][:per_class] for k in np.unique(label)]
    )


def _small(split):
    arrays = in_memory(split)
    return Arrays(halved(arrays.data), arrays.label)


def _opener(name):
    @configured(**OPTIONS)
    def opened(directory: str, per_class: int = 0, draw: int = 0) -> Source:
        """Open a data set at 16×16 pixels, with few training images of each class.

        Args:
          directory: the value of ``data.dir``.
          per_class: training images of a class; 0 for all.
          draw: the seed that chooses them.

        Raises:
          BadInput: the data are missing or damaged.
        """
        source = open_source(name, directory)
        train, test = _small(source.train), _small(source.test)
        if per_class:
            rows = some_of_each(train.label, per_class, draw)
            train = Arrays(train.data[rows], train.label[rows])
        spec = Spec(f"{name}_{SIDE}", (SIDE, SIDE, 1), source.spec.classes)
        return Source(spec, train, test)

    return opened


mnist, fashion_mnist = map(_opener, ("mnist", "fashion_mnist"))
