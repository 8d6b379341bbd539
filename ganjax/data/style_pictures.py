"""Pairs of a content and a style picture for style transfer, from the photographs and
textures that scikit-image installs. No picture is in both splits."""

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.data.feeds import scaled
from ganjax.data.preparing.fitting import Options, fit
from ganjax.data.scikit_pictures import picture
from ganjax.data.source import Composed, Source, Spec
from ganjax.options import Option, configured

# Files of scikit-image. A training picture is content or style.
TRAIN = (
    "astronaut.png", "camera.png", "chelsea.png", "rocket.jpg", "brick.png",
    "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png", "page.png",
    "retina.jpg", "coins.png",
)  # fmt: skip
TEST_CONTENTS = ("coffee.png", "motorcycle_left.png")
TEST_STYLES = ("cell.png", "color.png", "grass.png")
# An image shows half of a picture along each axis.
ZOOM = 2


@configured(side=Option(64, "side of the images, in pixels", least=8, most=1024))
def open_style_pictures(directory: str = "", side: int = 64) -> Source:
    """Open content images (``'a'``) and style images (``'b'``), RGB, without pairs. An
    image is a random part of a picture, which is cut at its centre to a square and
    resized to twice the side. Ignores ``directory``. ``TRAIN``, ``TEST_CONTENTS`` and
    ``TEST_STYLES`` list the pictures.

    There are few training pictures, so each is content and style, and a training image
    has random symmetries: of the square, and of the cube of colours, whose axes are
    permuted and reversed.

    Raises:
        BadInput: scikit-image is not installed, or lacks a picture.
    """
    spec = Spec("style_pictures", (side, side, 3), domains=("a", "b"))
    train = _parts(TRAIN, TRAIN, side, varied=True)
    test = _parts(TEST_CONTENTS, TEST_STYLES, side, varied=False)
    return Source(spec, train, test)


def _parts(contents, styles, side, varied):
    options = Options((ZOOM * side, ZOOM * side))

    def read(names):
        whole = (picture("data.name='style_pictures'", x, 3) for x in names)
        return np.stack([fit(pixels, options) for pixels in whole])

    def cut(pictures, key):
        which, place, symmetry = jax.random.split(key, 3)
        at = jax.random.randint(which, (), 0, len(pictures))
        top, left = jax.random.randint(place, (2,), 0, (ZOOM - 1) * side + 1)
        part = jax.lax.dynamic_slice(
            pictures, (at, top, left, 0), (1, side, side, pictures.shape[-1])
        )
        image = scaled(part[0])
        return _symmetric(image, symmetry) if varied else image

    def make(arrays, keys):
        pair = jax.vmap(jax.random.split)(keys)
        content, style = map(jnp.asarray, arrays)
        return {
            "a": jax.vmap(lambda key: cut(content, key))(pair[:, 0]),
            "b": jax.vmap(lambda key: cut(style, key))(pair[:, 1]),
        }

    return Composed((read(contents), read(styles)), make)


def _symmetric(image, key):
    """Return an image with a random symmetry of the square and of the RGB cube."""
    order, flips = jax.random.split(key)
    order = jax.random.permutation(order, image.shape[-1])
    transposed, top, left, *reversed_ = jax.random.bernoulli(flips, shape=(6,))
    image = jnp.where(transposed, image.swapaxes(0, 1), image)
    image = jnp.where(top, image[::-1], image)
    image = jnp.where(left, image[:, ::-1], image)
    sign = jnp.where(jnp.stack(reversed_), -1, 1).reshape(1, 1, -1)
    return sign * image[..., order]
