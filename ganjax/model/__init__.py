"""The finished model: it makes samples, scores them, and infers latents and labels."""

from ganjax.model.enlarged import enlarged
from ganjax.model.finished import (
    PRECISION,
    Model,
    Sampling,
    of_classes,
    plain,
    truncates_styles,
    with_mean_styles,
)
from ganjax.model.sampler import Enlarging, Masking, Sampler
from ganjax.model.together import sample_together

__all__ = [
    "PRECISION", "Enlarging", "Masking", "Model", "Sampler", "Sampling", "enlarged",
    "of_classes", "plain", "sample_together", "truncates_styles", "with_mean_styles",
]  # fmt: skip
