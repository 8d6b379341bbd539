"""Scikit-learn's handwritten digits: 1,797 images of 8×8, inside its package."""

import numpy as np

from ganjax.data.source import Arrays, Source, Spec
from ganjax.errors import BadInput

TEST_PER_CLASS = 50


def open_digits(directory: str = "") -> Source:
    """1,297 training and 500 test digits, ``[8, 8, 1]``; ``directory`` is ignored.

    Values 0..16 become 0..255, rounded. The split is fixed: 50 test images a class,
    drawn once with a frozen generator (neighbours in the file share a writer).

    Raises:
        BadInput: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise BadInput(
            "data.name='digits': needs scikit-learn, which is not installed "
            "(pip install scikit-learn)"
        ) from error
    bunch = load_digits()
    data = np.rint(bunch.images * (255 / 16)).astype(np.uint8)[..., None]
    label = bunch.target.astype(np.int32)
    # RandomState's streams never change between versions of numpy; Generator's may.
    order = np.random.RandomState(0).permutation(len(label))
    test = np.zeros(len(label), bool)
    for digit in range(10):
        test[order[label[order] == digit][:TEST_PER_CLASS]] = True
    splits = (Arrays(data[chosen], label[chosen]) for chosen in (~test, test))
    return Source(Spec("digits", (8, 8, 1), tuple("0123456789")), *splits)
