"""Preparation of images of any sizes: find them, cut and resize them to one size, write
them to a few large files."""

from ganjax.data.preparing.finding import find_images
from ganjax.data.preparing.fitting import (
    ALPHAS,
    CROPS,
    FILTERS,
    STORES,
    Options,
    parse_size,
)
from ganjax.data.preparing.image_set import PreparedSet, prepare_images
from ganjax.data.preparing.listing import Listing
from ganjax.data.preparing.shards import Item

__all__ = [
    "ALPHAS", "CROPS", "FILTERS", "STORES", "Item", "Listing", "Options",
    "PreparedSet", "find_images", "parse_size", "prepare_images",
]  # fmt: skip
