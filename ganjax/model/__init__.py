"""The finished model: how a game's networks make, score and infer samples."""

from ganjax.model.finished import PRECISION, Model, Sampling, plain, truncates_styles
from ganjax.model.sampler import Sampler

__all__ = ["PRECISION", "Model", "Sampler", "Sampling", "plain", "truncates_styles"]
