"""Feature extractors: a name, the digest of the weights, and a function of images.

JAX compiles an extractor once for each image size. All batches have one length; the
last batch is padded.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

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
    """A network that turns images into features, and what its features depend on.

    Attributes:
      name: a key of ``EXTRACTORS``.
      width: D, the length of a feature vector.
      digest: SHA-256 of the file of weights.
      resize: the filter that resizes images to the network's size, or 'none'.
      see: a function from uint8 images ``[n, H, W, C]``, n at least 1, C 1 or 3, to
        ``(features [n, D], probabilities [n, K] or None)``, float32 on the host.
        ``probabilities`` are class probabilities. A grey channel is repeated if needed.
        The features of an image do not depend on the other images. ``see`` raises
        BadInput for images that the network does not accept, and for types other than
        uint8: the range of floats, [-1, 1], [0, 1] or [0, 255], is not known, and a
        wrong guess gives wrong features without an error. The function that you pass as
        ``see`` must also accept float32 images in [0, 255]: ``see_unrounded`` passes
        such images to it.
      shape: the only shape (H, W, C) that the network accepts; None: any size with 1 or
        3 channels.
      size: the side in pixels to which ``see`` resizes images with the filter
        ``resize``; None: images are not resized.
      maps: a function from float32 images ``[n, H, W, 1 or 3]`` in [0, 255] to feature
        maps ``[n, h, w, c]`` of several layers, first layers first. It is pure and has
        a gradient, so ``ganjax project`` can compare images by it. It is a
        ``jax.tree_util.Partial`` that holds the weights, so compiled functions can take
        it as an argument. None: the extractor gives no maps.
      reader: the ``scene_reader.Reader`` of what images show; None for other networks.
    """

    name: str
    width: int
    digest: str
    resize: str
    see: See
    shape: tuple[int, int, int] | None = None
    size: int | None = None
    maps: Callable[[jax.Array], Sequence[jax.Array]] | None = None
    reader: Any = None

    def __post_init__(self):
        if not isinstance(self.see, _OfBytes):
            object.__setattr__(self, "see", _OfBytes(self.see))

    def see_unrounded(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return features and probabilities as ``see`` does, but of float images.

        The images ``[n, H, W, C]`` are float32 in [-1, 1] and are not rounded to 256
        values. Use this only to compare images that differ very little, as in a path
        length. All other scores use uint8 images, the values that image files store.

        Raises:
          BadInput: a value is not finite, or the images have another shape or type.
        """
        images = _shaped(images)
        if images.dtype != np.float32 or not np.isfinite(images).all():
            found = images.dtype if images.dtype != np.float32 else "NaN or infinity"
            raise BadInput(
                f"evaluation: images of {found}: expected finite float32 in [-1, 1]"
            )
        return self.see.look((images + 1) * 127.5)

    def check(self, shape: Sequence[int]) -> None:
        """Check that the network accepts images of ``shape``, (H, W, C).

        Raises:
          BadInput: the network does not accept them.
        """
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
    """Return the resize filter ``resize``, or ``default`` if ``resize`` is empty.

    Raises:
      BadInput: there is no filter of this name.
    """
    if resize and resize not in FILTERS:
        raise unknown("evaluation.resize", resize, FILTERS)
    return resize or default


def published(
    name, network, look, path, resize, *, maps, width, digest, size, batch, ignored=()
) -> Extractor:
    """Build the extractor of a network whose weights are in a published torch file.

    Args:
      name: the extractor's name.
      network: a Flax module whose layers have the names of the torch layers.
      look: a pure function ``(variables, images) -> (features, probabilities or None)``
        that runs ``network`` on float32 images ``[batch, size, size, 3]`` in [0, 255].
      path: the torch file.
      resize: a key of ``resize.FILTERS``.
      maps: ``(variables, images) -> maps`` of such images, as in ``Extractor``.
      width: D, the length of a feature vector.
      digest: SHA-256 of the file.
      size: the side in pixels of the network's input.
      batch: the number of images in one call of ``look``.
      ignored: names of tensors in the file that are not used.

    Raises:
      BadInput: the file cannot be read, or its tensors do not fit the network.
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
    """Return the feature maps ``[n, h, w, c]`` of a network, first layers first. The
    network stores them by Flax's ``sow("intermediates", "maps", map)``."""
    _, found = network.apply(variables, images, mutable=["intermediates"])
    return found["intermediates"]["maps"]


def batched(look: Callable, variables: dict, batch: int) -> See:
    """Return a function of any number of images that runs ``look`` in batches.

    Args:
      look: a pure function ``(variables, images [batch, H, W, C]) -> (features,
        probabilities or None)``.
      variables: the first argument of ``look``. They are an argument of the compiled
        function, so they are not compiled into it as constants.
      batch: the number of images in one call of ``look``; the last batch is padded.

    Returns:
      A function ``images [n, H, W, C] -> (features [n, D], probabilities [n, K] or
      None)``, on the host.
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
    """Return ``images`` as an array. They must be uint8 ``[n, H, W, C]``, C 1 or 3.

    Raises:
      BadInput: they have another type or shape, or n is 0.
    """
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
    """Convert ``[n, H, W, 1 or 3]`` to ``[n, H, W, 3]`` by repeating a grey channel."""
    return jnp.broadcast_to(images, (*images.shape[:3], 3))
