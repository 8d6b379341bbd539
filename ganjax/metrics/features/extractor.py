"""Feature extractors: a name, the digest of the weights, and a function of images.

An extractor compiles one program for each image size. All batches have one length; the
last batch is padded.
"""

import dataclasses
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.errors import BadInput, shape_text, unknown
from ganjax.metrics.features import layout
from ganjax.metrics.features.resize import FILTERS, unclipped
from ganjax.metrics.features.resize import resize as resized
from ganjax.metrics.features.weights import read

See = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]


@dataclasses.dataclass(frozen=True)
class Extractor:
    """A network that turns images into features, with all that its scores depend on.

    Attributes:
      name: a key of ``EXTRACTORS``.
      width: D, the length of a feature vector.
      digest: SHA-256 of the file of weights.
      resize: the filter that resizes images to the network's size, or 'none'.
      see: a function from uint8 images ``[n, H, W, C]``, n at least 1, C 1 or 3 (grey
        is repeated if needed), to ``(features [n, D], probabilities [n, K] or None)``,
        float32 on the host. The features of an image do not depend on other images.
        Raises BadInput for images that the network does not accept, and for all that
        are not uint8: floats may be in [-1, 1], in [0, 1] or in [0, 255], and the wrong
        choice gives features that look right. The function that is passed must also
        take float32 images from 0 to 255, for ``see_unrounded``.
      shape: the only shape (H, W, C) that the network accepts; None: any size with 1 or
        3 channels.
      size: the side in pixels to which `see` resizes images with the filter ``resize``;
        None: images are not resized.
      maps: maps ``[n, h, w, c]`` of several layers, first layers first, of float32
        images ``[n, H, W, 1 or 3]`` from 0 to 255. It is pure and has a gradient, so
        `ganjax project` can compare images by it. As a ``jax.tree_util.Partial`` with
        the weights it is an argument of a program. None: `see` alone.
    """

    name: str
    width: int
    digest: str
    resize: str
    see: See
    shape: tuple[int, int, int] | None = None
    size: int | None = None
    maps: Callable[[jax.Array], Sequence[jax.Array]] | None = None

    def __post_init__(self):
        if not isinstance(self.see, _OfBytes):
            object.__setattr__(self, "see", _OfBytes(self.see))

    def see_unrounded(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return what ``see`` returns, of float images in [-1, 1] that are not rounded
        to 256 values. Use it for small differences only, as in a path length: all other
        scores are of images as files hold them.

        Raises:
          BadInput: if a value is not finite, or the images have another shape or type.
        """
        images = _shaped(images)
        if images.dtype != np.float32 or not np.isfinite(images).all():
            found = images.dtype if images.dtype != np.float32 else "NaN or infinity"
            raise BadInput(
                f"evaluation: images of {found}: expected finite float32 in [-1, 1]"
            )
        return self.see.look((images + 1) * 127.5)

    def check(self, shape: Sequence[int]) -> None:
        """Raise BadInput unless the network accepts samples of ``shape``."""
        if self.shape is None:
            fits = len(shape) == 3 and shape[-1] in (1, 3)
            expected = "images of 1 channel (grey), 3 (colour) or 4 (colour and alpha)"
        else:
            fits = tuple(shape) == self.shape
            expected = f"images of {shape_text(self.shape)}"
        if not fits:
            raise BadInput(
                f"evaluation.extractor='{self.name}': expected {expected}, not "
                f"{shape_text(shape)}"
            )


@dataclasses.dataclass(frozen=True)
class _OfBytes:
    """``Extractor.see``: the function ``look`` of valid uint8 images."""

    look: See

    def __call__(self, images):
        return self.look(checked(images))


def chosen_filter(resize: str, default: str) -> str:
    """Return the filter named by ``evaluation.resize``; if it is empty, ``default``.

    Raises:
      BadInput: the filter is unknown.
    """
    if resize and resize not in FILTERS:
        raise unknown("evaluation.resize", resize, FILTERS)
    return resize or default


def published(
    name, network, look, path, resize, *, maps, width, digest, size, batch, ignored=()
) -> Extractor:
    """Build the extractor of a ``network`` with the weights of the torch file ``path``.

    Args:
      look: as in `batched`, for float32 images ``[batch, size, size, 3]``.
      maps: ``(variables, images) -> maps`` of such images, as in `Extractor`.
      ignored: names of tensors of the file that are not used.
      name, resize, width, digest: as in `Extractor`.

    Raises:
      BadInput: the file cannot be read, or does not fit the network.
    """
    field = f"evaluation.weights='{path}'"
    expected = layout.shapes(network, (size, size, 3))
    variables = layout.from_torch(expected, read(path, field), field, ignored)

    def sized(variables, images):
        return look(variables, resized(coloured(images), size, resize))

    def sized_maps(variables, images):
        return maps(variables, unclipped(coloured(images), size, resize))

    see = batched(sized, variables, batch)
    found = jax.tree_util.Partial(sized_maps, variables)
    return Extractor(name, width, digest, resize, see, size=size, maps=found)


def sown(network, variables: dict, images: jax.Array) -> Sequence[jax.Array]:
    """Return the maps that a network sows under ``maps`` in ``intermediates``, in its
    order."""
    _, found = network.apply(variables, images, mutable=["intermediates"])
    return found["intermediates"]["maps"]


def batched(look: Callable, variables: dict, batch: int) -> See:
    """Return ``look(variables, images [batch, H, W, C])`` as an `Extractor.see`.

    Args:
      look: pure; returns features, and probabilities or None, of a batch of images.
      variables: arguments of the compiled program, so they are not its constants.
    """
    compiled = jax.jit(look)

    def see(images):
        found = []
        for start in range(0, len(images), batch):
            part = images[start : start + batch]
            padding = [(0, batch - len(part)), (0, 0), (0, 0), (0, 0)]
            # By default, tensor cores round every product to ten bits.
            with jax.default_matmul_precision("float32"):
                seen = compiled(variables, np.pad(part, padding))
            found.append([x if x is None else np.asarray(x)[: len(part)] for x in seen])
        features, probabilities = zip(*found, strict=True)
        if probabilities[0] is None:
            return np.concatenate(features), None
        return np.concatenate(features), np.concatenate(probabilities)

    return see


def checked(images) -> np.ndarray:
    """Return valid images as an array. Raise BadInput before anything is computed."""
    images = _shaped(images)
    if images.dtype != np.uint8:
        raise BadInput(
            f"evaluation: images of {images.dtype}: expected uint8; "
            "ganjax.data.as_bytes converts images in [-1, 1]"
        )
    return images


def _shaped(images):
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or not len(images):
        raise BadInput(
            f"evaluation: images of shape {images.shape}: expected [n, H, W, C], n at "
            "least 1, with 1 or 3 channels"
        )
    return images


def coloured(images: jax.Array) -> jax.Array:
    """Convert ``[n, H, W, 1 or 3]`` to ``[n, H, W, 3]``: repeat grey."""
    return jnp.broadcast_to(images, (*images.shape[:3], 3))
