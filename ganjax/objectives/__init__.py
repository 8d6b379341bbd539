"""Losses, regularizers, terms, conditionings, and the adversarial objective that
combines them."""

from ganjax.objectives.adversarial import Adversary
from ganjax.objectives.conditioning import CONDITIONINGS, Conditioning
from ganjax.objectives.critic_inputs import CriticInputs, joined
from ganjax.objectives.losses import LOSSES, Loss, relabel
from ganjax.objectives.options import (
    EVERY_CRITIC,
    AdversaryOptions,
    GeneratorLabelOptions,
    LabelOptions,
    LossOptions,
    PenaltyOptions,
    TermOptions,
    adversary_of,
    terms_in_order,
)
from ganjax.objectives.regularizers import REGULARIZERS
from ganjax.objectives.terms import CRITIC, GENERATOR, TERMS, Term, TermContext
from ganjax.objectives.weighed import Adaptation, Penalty, WeighedTerm

__all__ = [
    "CONDITIONINGS", "CRITIC", "EVERY_CRITIC", "GENERATOR", "LOSSES", "REGULARIZERS",
    "TERMS", "Adaptation", "Adversary", "AdversaryOptions", "Conditioning",
    "GeneratorLabelOptions", "LabelOptions", "Loss", "LossOptions", "Penalty",
    "PenaltyOptions", "TermContext", "CriticInputs", "Term", "TermOptions",
    "WeighedTerm", "adversary_of", "joined", "relabel", "terms_in_order",
]  # fmt: skip
