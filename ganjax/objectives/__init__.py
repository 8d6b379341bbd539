"""Losses, regularizers, terms, conditionings, and the adversarial objective made of
them."""

from ganjax.objectives.adversarial import Adaptation, Adversary, Penalty, WeighedTerm
from ganjax.objectives.conditioning import CONDITIONINGS, Conditioning
from ganjax.objectives.losses import LOSSES, Loss, relabel
from ganjax.objectives.regularizers import REGULARIZERS
from ganjax.objectives.sight import Sight, joined
from ganjax.objectives.terms import CRITIC, GENERATOR, TERMS, Scene, Term

__all__ = [
    "CONDITIONINGS",
    "CRITIC",
    "GENERATOR",
    "LOSSES",
    "REGULARIZERS",
    "TERMS",
    "Adaptation",
    "Adversary",
    "Conditioning",
    "Loss",
    "Penalty",
    "Scene",
    "Sight",
    "Term",
    "WeighedTerm",
    "joined",
    "relabel",
]
