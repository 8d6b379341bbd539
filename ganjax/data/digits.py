"""The handwritten digits in scikit-learn: 1,797 images of 8×8, without download."""

import numpy as np

from ganjax.data.source import Arrays, Source, Spec
from ganjax.errors import BadInput

TEST_PER_CLASS = 50


def open_digits(directory: str = "") -> Source:
    """Open 1,297 training and 500 test digits ``[8, 8, 1]``. Ignores ``directory``.

    Values 0 to 16 become 0 to 255, rounded. The split is fixed: 50 test images of each
    class, chosen at random because neighbours in the file share a writer.

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
    # Streams of RandomState never change between numpy versions; Generator's may.
    order = np.random.RandomState(0).permutation(len(label))
    test = np.zeros(len(label), bool)
    for digit in range(10):
        test[order[label[order] == digit][:TEST_PER_CLASS]] = True
    splits = (Arrays(data[chosen], label[chosen]) for chosen in (~test, test))
    return Source(Spec("digits", (8, 8, 1), tuple("0123456789")), *splits)
