"""Config sections of a game's adversarial part. ``adversary_of`` builds the
``Adversary`` that they describe."""

import dataclasses
import functools
from collections.abc import Collection, Mapping
from typing import Any

from ganjax.augment import AugmentationOptions, adapt, augmented, pseudo_real
from ganjax.networks.layers import MODULATIONS
from ganjax.objectives.adversarial import Adversary
from ganjax.objectives.conditioning import CONDITIONINGS
from ganjax.objectives.critic_inputs import CriticInputs
from ganjax.objectives.losses import LOSSES
from ganjax.objectives.passes import PASSES, PASSES_HELP
from ganjax.objectives.regularizers import REGULARIZERS
from ganjax.objectives.terms import TERMS
from ganjax.objectives.weighed import Adaptation, Penalty, WeighedTerm
from ganjax.options import option, options_of, own, read, section

# The value of ``player`` that adds a penalty to every critic's loss.
EVERY_CRITIC = "critics"
_SINGLE = ("a loss of single samples", "a separate adversarial loss")
_WAYS = ("concatenation", "embedding", *MODULATIONS)


@dataclasses.dataclass(frozen=True)
class LossOptions:
    """The section ``loss`` of a config."""

    name: str = option("non_saturating", "adversarial loss", choices=LOSSES)
    smoothing: float = option(
        0.0, "real samples have the label 1 minus this", least=0, below=1, knob=True,
        needs=_SINGLE,
    )  # fmt: skip
    flipping: float = option(
        0.0, "share of flipped real and fake labels", least=0, below=1, knob=True,
        needs=_SINGLE,
    )  # fmt: skip
    top_k: float = option(
        1.0, "share of samples, best first, that the generator learns from", above=0,
        most=1, knob=True, off=1.0, needs=_SINGLE,
    )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class AdversaryOptions:
    """The config sections ``loss`` and ``augmentation`` and the fields ``packing`` and
    ``passes``, which every game has."""

    loss: LossOptions = section(LossOptions)
    packing: int = option(
        1, "samples that a critic judges as one (PacGAN)", least=1,
        needs=(
            "a critic that takes packs", "a batch of whole packs",
            "labels joined to samples",
        ),
    )  # fmt: skip
    passes: str = option(
        "owner", PASSES_HELP, choices=PASSES, needs=("a generator from latents",)
    )
    augmentation: AugmentationOptions = section(AugmentationOptions)


@dataclasses.dataclass(frozen=True)
class PenaltyOptions:
    """A section ``regularizers.LABEL`` of a config. ``LABEL`` is the name of a penalty,
    or a free label if the field ``name`` is set."""

    name: str = option("", "the penalty; default: the label", choices=REGULARIZERS)
    weight: float = option(0.0, "weight in the critic's loss", least=0, knob=True)
    interval: int = option(1, "steps from one use to the next", least=1)
    apart: bool = option(False, "the penalty has a separate update, after the loss's")
    player: str = option(EVERY_CRITIC, "critic whose loss has the penalty")


@dataclasses.dataclass(frozen=True)
class TermOptions:
    """A section ``terms.LABEL`` of a config. ``LABEL`` is the name of a term, or a free
    label if the field ``name`` is set."""

    name: str = option("", "the term; default: the label", choices=TERMS)
    weight: float = option(0.0, "weight in the player's loss", least=0, knob=True)
    interval: int = option(1, "steps from one use to the next", least=1)


@dataclasses.dataclass(frozen=True)
class GeneratorLabelOptions:
    """The section ``conditioning`` of a game with a generator and no labels."""

    generator: str = option(
        "none", "how the generator uses its latent a second time",
        choices=("none", "self_modulation"),
    )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class LabelOptions:
    """The section ``conditioning`` of a game with labels."""

    generator: str = option(
        "concatenation", "how the generator takes the label", choices=_WAYS
    )
    discriminator: str = option(
        "concatenation", "how the critic takes the label", choices=CONDITIONINGS
    )
    weight: float = option(
        1.0, "weight of both players' label losses", least=0, knob=True
    )


def adversary_of(
    config: Mapping[str, Any], on: Collection[str], classes: int, images: bool
) -> Adversary:
    """Build the adversarial part of a game from its config.

    Args:
      on: names of the knobs (numbers that the compiled step takes as data) that are in
        use. The term of a weight that stays at 0 is left out of the compiled step.
      classes: number of labels of the data.
      images: whether the examples are images.
    """
    options, terms = read(AdversaryOptions, config), config["terms"]
    labels, changes = config.get("conditioning", {}), options.augmentation
    conditioning, way = None, labels.get("discriminator")
    if way:
        conditioning = CONDITIONINGS.make("conditioning.discriminator", labels)
    joins, prices = way == "concatenation", conditioning and conditioning.discriminator
    augment = functools.partial(
        augmented, tuple(changes.names), factors=tuple(changes.factors)
    )

    def knob(name):
        return name if name in on else None

    return Adversary(
        loss=LOSSES.make("loss.name", config["loss"]),
        penalties=tuple(
            _penalty(label, section)
            for label, section in config["regularizers"].items()
            if f"regularizers.{label}.weight" in on
        ),
        smoothing=knob("loss.smoothing"),
        flipping=knob("loss.flipping"),
        top_k=knob("loss.top_k"),
        critic_inputs=CriticInputs(
            augment=augment if changes.names else None,
            noise=knob("augmentation.noise"),
            classes=classes if joins else 0,
            labelled=conditioning is not None and not joins,
            packing=options.packing,
        ),
        head=conditioning and conditioning.head_of(way),
        conditioning=conditioning if prices else None,
        terms=tuple(_term(label, terms[label]) for label in terms_in_order(terms, on)),
        adaptation=Adaptation(adapt, changes.interval) if changes.adaptive else None,
        pseudo=pseudo_real if changes.pseudo else None,
        vary=_varied if images else None,
        passes=options.passes,
    )


def terms_in_order(terms: Collection[str], on: Collection[str]) -> list[str]:
    """Return the labels of the loss terms that are on, in the order of their sum: first
    the built-in terms in the order of ``TERMS``, then the other terms by name. A term
    is on if ``on`` holds its weight."""
    labels = [*TERMS, *sorted(set(terms) - set(TERMS))]
    return [label for label in labels if f"terms.{label}.weight" in on]


def _penalty(label, section):
    penalty = REGULARIZERS.find(f"regularizers.{label}.name", section["name"])
    return Penalty(
        name=label,
        penalty=penalty,
        knob=f"regularizers.{label}.weight",
        interval=section["interval"],
        apart=section["apart"],
        player=None if section["player"] == EVERY_CRITIC else section["player"],
        fixed=own(penalty, section),
        numbers=tuple(name for name, o in options_of(penalty).items() if o.knob),
    )


def _term(label, section):
    term = TERMS.make(f"terms.{label}.name", section)
    knob = f"terms.{label}.weight"
    return WeighedTerm(label, term, knob, section["interval"], own(term, section))


def _varied(keys, x):
    """Return ``x`` with the changes for consistency (CR-GAN, section 3)."""
    return augmented(("flip", "translation"), keys, x, 1.0)
