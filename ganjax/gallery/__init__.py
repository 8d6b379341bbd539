"""Pictures of a run by mode: ``Request -> PIL image``, or frames of an animation."""

from ganjax.gallery.grids import classes, grid, neighbours
from ganjax.gallery.inference import (
    arithmetic,
    codes,
    inversions,
    latents,
    reconstructions,
    translations,
)
from ganjax.gallery.over_time import animation, strip
from ganjax.gallery.paths import interpolation, traversal, truncation
from ganjax.gallery.plane import plane
from ganjax.gallery.request import Request
from ganjax.gallery.spectrum import spectrum
from ganjax.gallery.styles import directions, edits, mixing

MODES = {
    "grid": grid,
    "classes": classes,
    "interpolation": interpolation,
    "traversal": traversal,
    "truncation": truncation,
    "mixing": mixing,
    "directions": directions,
    "edits": edits,
    "arithmetic": arithmetic,
    "neighbours": neighbours,
    "codes": codes,
    "latents": latents,
    "reconstructions": reconstructions,
    "inversions": inversions,
    "translations": translations,
    "strip": strip,
    "animation": animation,
    "plane": plane,
    "spectrum": spectrum,
}

__all__ = ["MODES", "Request"]
