"""Projection: the latents of a user's pictures, and images of these latents."""

from ganjax.projection.latent_file import read_latents, write_latents
from ganjax.projection.latent_space import (
    GENERATOR,
    SPACES,
    Latents,
    has_styles,
    images_of,
    images_of_styles,
    styles_of,
)
from ganjax.projection.projecting import PIXELS, STEPS, Projection, project

__all__ = [
    "GENERATOR", "Latents", "PIXELS", "Projection", "SPACES", "STEPS", "has_styles",
    "images_of", "images_of_styles", "project", "read_latents", "styles_of",
    "write_latents",
]  # fmt: skip
