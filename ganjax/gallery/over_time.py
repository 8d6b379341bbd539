"""Pictures of training: samples from the same latents at successive steps."""

import math

import numpy as np
from PIL import Image

from ganjax.errors import BadInput
from ganjax.gallery.request import Request, looks_at
from ganjax.report.run import evenly
from ganjax.training.pictures import GAP_GREY, GAP_PIXELS, comfortable_scale

SECONDS_A_FRAME = 0.2
SECONDS_OF_THE_LAST = 1.5


def _frames(request):
    """Return the run's pictures of samples, evenly chosen, the last included."""
    found = list(request.run.files.pictures().values())
    if not found:
        raise BadInput(
            f"workdir={request.run.path}: expected pictures of training in samples/, "
            f"found none; samples.every sets how often they are drawn"
        )
    chosen = evenly(found, max(2, request.columns))
    return [Image.open(path).convert("RGB") for path in chosen]


@looks_at("n", "columns")
def strip(request: Request) -> Image.Image:
    """Draw the pictures that were saved during training, side by side in order of
    steps. A column has the first ``n`` samples of one picture, or its whole scatter
    plot if the data are points. At most ``columns`` pictures are shown, evenly
    chosen."""
    frames = _frames(request)
    if len(request.run.source.spec.shape) == 3:
        frames = [_first(request, picture) for picture in frames]
    width, height = frames[0].size
    canvas = Image.new("RGB", (width * len(frames), height), (GAP_GREY,) * 3)
    for i, frame in enumerate(frames):
        canvas.paste(frame, (i * width, 0))
    return canvas


def _first(request, picture):
    """Return the first ``n`` cells of a grid, one below the other."""
    count = request.run.config.samples.count
    columns = math.ceil(math.sqrt(count))
    shape = request.run.source.spec.shape[:2]
    scale = comfortable_scale(max(shape))
    down, right = (side * scale + GAP_PIXELS for side in shape)
    pixels = np.asarray(picture)
    cells = [
        pixels[(i // columns) * down :, (i % columns) * right :][
            : down + GAP_PIXELS, : right + GAP_PIXELS
        ]
        for i in range(min(request.n, count))
    ]
    rows = [cell[GAP_PIXELS:] if i else cell for i, cell in enumerate(cells)]
    return Image.fromarray(np.concatenate(rows))


@looks_at("columns")
def animation(request: Request) -> list[Image.Image]:
    """Return the pictures that were saved during training, as the frames of a GIF or an
    animated PNG. At most ``columns`` pictures are shown, evenly chosen."""
    return _frames(request)
