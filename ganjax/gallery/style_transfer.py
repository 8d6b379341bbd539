"""Pictures of style transfer: a strength slider, and mixtures of two styles."""

import jax
import numpy as np
from PIL import Image

from ganjax.data import samples
from ganjax.errors import BadInput
from ganjax.gallery.inference import able
from ganjax.gallery.request import Request, looks_at
from ganjax.training.pictures import image_grid


@looks_at("n", "columns", "seed")
def strengths(request: Request) -> Image.Image:
    """Draw rows of a content image, the image in a style with a strength from 0 to 1,
    and the style image. Both are held out.

    The strength interpolates between the features of the content image and their
    normalised version (Huang & Belongie 2017, arXiv 1703.06868, eq. 14).
    """
    content, style, _ = _pictures(request, "strengths")
    return _rows(request, content, content, style, (content, style))


@looks_at("n", "columns", "seed")
def blends(request: Request) -> Image.Image:
    """Draw rows of a style image, a content image in mixtures of two styles, and the
    other style image. All are held out.

    A mixture is a weighted mean of the normalised features (Huang & Belongie 2017,
    arXiv 1703.06868, eq. 15).
    """
    content, style, other = _pictures(request, "blends")
    return _rows(request, content, style, other, (style, other))


def _pictures(request, mode):
    """Return a content image and two style images for each row."""
    request.require_images()
    able(request, "blend", mode)
    if request.columns < 4:
        raise BadInput(f"--columns={request.columns}: expected at least 4")
    both = jax.random.split(request.key, 2 * request.n)
    test = samples(request.run.source.test, both)
    content, styles = np.asarray(test["a"]), np.asarray(test["b"])
    return content[: request.n], styles[: request.n], styles[request.n :]


def _rows(request, content, style, other, ends):
    """Draw rows of ``content`` in mixtures of two styles, between two images."""
    parts = np.linspace(0, 1, request.columns - 2, dtype=np.float32)

    def blended(part):
        channel = np.full((*content.shape[:-1], 1), part)
        joined = np.concatenate([content, style, other, channel], -1)
        return request.model.ask("blend", joined)

    rows = np.stack([ends[0], *map(blended, parts), ends[1]], axis=1)
    return image_grid(rows.reshape(-1, *rows.shape[2:]), columns=request.columns)
