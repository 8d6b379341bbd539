"""Fill the holes of images without learning: with the mean, and with a smooth surface.

These are the baselines of games that fill holes. Masks are 1 in the hole.
"""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve


def mean_filling(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return the images with the mean of each image's context in its hole, by channel.

    Args:
      images: ``[n, H, W, C]``, with sides of at least two pixels.
      masks: ``[n, H, W, 1]``. Each mask leaves at least one pixel of context.
    """
    context = 1 - masks
    mean = (images * context).sum((1, 2), keepdims=True)
    mean = mean / context.sum((1, 2), keepdims=True)
    return images * context + mean * masks


def biharmonic_filling(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return the images with the biharmonic surface through each image's context in its
    hole (Damelin & Hoang 2018, doi 10.1155/2018/3950312), limited to the range of the
    context. At the border of an image its slope is 0.

    The values u of the hole solve (L² u)_hole = 0, where L is the Laplacian of the grid
    of pixels. scikit-image's ``inpaint_biharmonic`` solves the same equations.

    Args:
      images, masks: as in ``mean_filling``.
    """
    squared = _laplacian(*images.shape[1:3])
    squared = (squared @ squared).tocsr()
    filled = np.array(images, np.float64)
    for image, mask in zip(filled, masks, strict=True):
        hole = mask.ravel() > 0.5
        if not hole.any():
            continue
        pixels = image.reshape(len(hole), -1)  # a view
        known, rows = pixels[~hole], squared[hole]
        inside = spsolve(rows[:, hole].tocsc(), -rows[:, ~hole] @ known)
        inside = inside.reshape(-1, known.shape[1])
        pixels[hole] = np.clip(inside, known.min(0), known.max(0))
    return filled.astype(images.dtype)


def _laplacian(height, width):
    """Return the Laplacian ``[H·W, H·W]`` of a grid with slope 0 at its border."""
    rows, columns = (_second_difference(n) for n in (height, width))
    return sparse.kron(rows, sparse.eye_array(width)) + sparse.kron(
        sparse.eye_array(height), columns
    )


def _second_difference(n):
    middle = np.full(n, -2.0)
    middle[[0, -1]] += 1.0
    side = np.ones(n - 1)
    return sparse.diags_array([side, middle, side], offsets=[-1, 0, 1], shape=(n, n))


def seam_steps(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return the mean absolute difference ``[n]`` between neighbouring pixels of which
    one is in the hole and one is not: large where a hole's border shows.

    Args:
      images, masks: as in ``mean_filling``. Each mask has a hole and a context.
    """
    total, count = np.zeros(len(images)), np.zeros(len(images))
    for axis in (1, 2):
        across = np.abs(np.diff(masks[..., 0], axis=axis))
        steps = np.abs(np.diff(images, axis=axis)).mean(-1)
        total += (across * steps).sum((1, 2))
        count += across.sum((1, 2))
    return total / count
