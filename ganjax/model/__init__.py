"""The finished model: how a game's networks make, score and infer samples."""

from ganjax.model.finished import (
    PRECISION,
    Model,
    Sampling,
    of_classes,
    plain,
    truncates_styles,
    with_mean_styles,
)
from ganjax.model.sampler import Sampler

__all__ = [
    "PRECISION", "Model", "Sampler", "Sampling", "of_classes", "plain",
    "truncates_styles", "with_mean_styles",
]  # fmt: skip
