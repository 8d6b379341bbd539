"""The finished model: it makes samples, scores them, and infers latents and labels."""

from ganjax.model.finished import PRECISION, Model, Sampling, plain, truncates_styles
from ganjax.model.sampler import Sampler

__all__ = ["PRECISION", "Model", "Sampler", "Sampling", "plain", "truncates_styles"]
