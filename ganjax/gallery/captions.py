"""A picture of captions: a row of images for each."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ganjax.errors import BadInput
from ganjax.gallery.request import Request, looks_at
from ganjax.training.pictures import image_grid

LINE = 16  # pixels of a line of text
MARGIN = 4


@looks_at("n", "columns", "seed")
def captions(request: Request) -> Image.Image:
    """Draw a row of images for each caption, under its text. The images of a column
    have one latent, so captions in which one word differs show what the word changes.

    The captions are the first ``n`` prompts, or held-out captions without prompts.
    """
    request.require_images()
    sampler = request.sampler
    if not sampler.captioned:
        raise BadInput(
            f"--mode='captions': expected a run with captions, such as "
            f"game='text_to_image', not game='{request.run.config.game}'"
        )
    z = np.asarray(request.latents(request.columns))
    rows, language = [], request.run.source.spec.captions
    for tokens in sampler.chosen[: request.n]:
        label = np.tile(np.asarray(tokens, np.int32), (len(z), 1))
        made = image_grid(request.model.decode(z, label), columns=len(z))
        rows.append(_titled(made.convert("RGB"), language.text(tokens)))
    picture = Image.new(
        "RGB", (max(x.width for x in rows), sum(x.height for x in rows)), "white"
    )
    top = 0
    for row in rows:
        picture.paste(row, (0, top))
        top += row.height
    return picture


def _titled(picture, text):
    """Return a picture with a line of text above it."""
    font = ImageFont.load_default()
    wide = math.ceil(font.getlength(text)) + 2 * MARGIN
    size = max(picture.width, wide), picture.height + LINE
    made = Image.new("RGB", size, "white")
    ImageDraw.Draw(made).text((MARGIN, 2), text, fill="black", font=font)
    made.paste(picture, (0, LINE))
    return made
