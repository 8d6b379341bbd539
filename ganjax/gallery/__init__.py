"""Pictures of a run, by mode. A mode is a function from a ``Request`` to a PIL image,
or to a list of images (the frames of an animation)."""

from ganjax.gallery.captions import captions
from ganjax.gallery.grids import classes, grid, neighbours, samples
from ganjax.gallery.inference import (
    arithmetic,
    codes,
    inversions,
    latents,
    reconstructions,
    translations,
)
from ganjax.gallery.mean import mean
from ganjax.gallery.over_time import animation, strip
from ganjax.gallery.paths import interpolation, traversal, truncation
from ganjax.gallery.plane import plane
from ganjax.gallery.request import Request, looks_at
from ganjax.gallery.spectrum import spectrum
from ganjax.gallery.style_transfer import blends, strengths
from ganjax.gallery.styles import directions, edits, mixing
from ganjax.gallery.tables import columns, correlations
from ganjax.names import Table

_MODES = (
    grid, classes, captions, mean, interpolation, traversal, truncation, mixing,
    directions, edits, arithmetic, neighbours, codes, latents, reconstructions,
    inversions, translations, strip, animation, plane, spectrum, strengths, blends,
    columns, correlations,
)  # fmt: skip

MODES = Table(
    "a picture, a function marked by @looks_at",
    {mode.__name__: mode for mode in _MODES},
    takes=1,
    accepts=lambda mode: isinstance(getattr(mode, "options", None), tuple),
)

__all__ = ["MODES", "Request", "looks_at", "samples"]
