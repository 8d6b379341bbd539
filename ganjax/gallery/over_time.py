"""Pictures of training: the same latents as the run itself drew them, step by step."""

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
    """The run's pictures of its samples, evenly chosen, the last included."""
    found = list(request.run.files.pictures().values())
    if not found:
        raise BadInput(
            f"workdir={request.run.path}: expected pictures of training in samples/, "
            f"and there are none; samples.every says how often"
        )
    chosen = evenly(found, max(2, request.columns))
    return [Image.open(path).convert("RGB") for path in chosen]


@looks_at("n", "columns")
def strip(request: Request) -> Image.Image:
    """One column a picture that the run drew while it trained, from left to right: the
    first ``n`` samples of each, or where they are points the whole scatter."""
    frames = _frames(request)
    if len(request.run.source.spec.shape) == 3:
        frames = [_first(request, picture) for picture in frames]
    width, height = frames[0].size
    canvas = Image.new("RGB", (width * len(frames), height), (GAP_GREY,) * 3)
    for i, frame in enumerate(frames):
        canvas.paste(frame, (i * width, 0))
    return canvas


def _first(request, picture):
    """The first ``n`` cells of a grid, one below the other."""
    count = request.run.config.samples.count
    columns = math.ceil(math.sqrt(count))
    height = request.run.source.spec.shape[0]
    side = height * comfortable_scale(height) + GAP_PIXELS
    pixels = np.asarray(picture)
    cells = [
        pixels[(i // columns) * side :, (i % columns) * side :][
            : side + GAP_PIXELS, : side + GAP_PIXELS
        ]
        for i in range(min(request.n, count))
    ]
    rows = [cell[GAP_PIXELS:] if i else cell for i, cell in enumerate(cells)]
    return Image.fromarray(np.concatenate(rows))


@looks_at("columns")
def animation(request: Request) -> list[Image.Image]:
    """Those pictures one after another, as the frames of a GIF or an animated PNG."""
    return _frames(request)
