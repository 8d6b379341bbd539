"""Losses, regularizers, and the adversarial objective made of them."""

from ganjax.objectives.adversarial import Adversary, Penalty
from ganjax.objectives.losses import LOSSES, Loss, relabel
from ganjax.objectives.regularizers import REGULARIZERS

__all__ = ["LOSSES", "REGULARIZERS", "Adversary", "Loss", "Penalty", "relabel"]
