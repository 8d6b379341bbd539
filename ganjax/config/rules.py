"""What components forbid each other. A rule yields the field that it refuses and what
it expects; ``tests/test_rules.py`` has an example of each."""

from collections.abc import Iterator
from typing import Any

from ml_collections import ConfigDict

from ganjax.config.schema import flatten, knob_options, knobs_on
from ganjax.core.dynamics import DYNAMICS
from ganjax.errors import BadInput, nearest
from ganjax.games import GAMES
from ganjax.networks import ARCHITECTURES
from ganjax.networks.layers import MODULATIONS
from ganjax.objectives import CONDITIONINGS, EVERY_CRITIC, LOSSES, TERMS, terms_in_order
from ganjax.schedules import refusals as schedules

Refusals = Iterator[tuple[str, str]]
GENERATOR, CRITIC = "conditioning.generator", "conditioning.discriminator"


class Choice(dict):
    """What a config chose: values by path, and the components that it names."""

    def __init__(self, config: ConfigDict):
        super().__init__(flatten(config))
        self.config, self.on = config, knobs_on(config)
        self.knobs = knob_options(self)
        self.game = GAMES.make("game", config)
        self.loss = LOSSES.make("loss.name", config.loss)
        self.label = self.get(GENERATOR, "none")
        labels = config.conditioning if CRITIC in self else None
        self.conditioning = labels and CONDITIONINGS.make(CRITIC, labels)
        self.terms = {
            f"terms.{label}.weight": TERMS.make(f"{label}.name", config.terms[label])
            for label in terms_in_order(config.terms, self.on)
        }

    def said(self, field: str) -> str:
        """Return ``field=value``, as messages show it."""
        value = self[field]
        value = ",".join(map(str, value)) if isinstance(value, tuple) else value
        return f"{field}='{value}'" if isinstance(value, str) else f"{field}={value}"


def players(c: Choice) -> Refusals:
    """A penalty joins the loss of a critic; joint dynamics take one turn a step."""
    critics = (EVERY_CRITIC, *c.game.critics)
    for label, penalty in c.config.regularizers.items():
        if penalty.player not in critics:
            expected = f"one of {', '.join(critics)}{nearest(penalty.player, critics)}"
            yield f"regularizers.{label}.player", expected
    joint = DYNAMICS.make("dynamics.name", c.config.dynamics).joint
    for player in c.game.players if joint else ():
        field = f"optimizers.{player}.updates_per_step"
        if c[field] != 1:
            yield field, f"1 with {c.said('dynamics.name')}"


def losses(c: Choice) -> Refusals:
    """A relativistic loss knows no single sample; a conditioning may need its loss."""
    for field, off in (("smoothing", 0), ("flipping", 0), ("top_k", 1)):
        field, what = f"loss.{field}", "price" if off else "label"
        if field in c.on and not c.loss.separable:
            yield field, f"{off}, as {c.said('loss.name')} has no {what} of one sample"
        if field in c.on and c.conditioning and c.conditioning.alone:
            yield field, f"{off}, as {c.said(CRITIC)} takes the place of the loss"
    known = c.conditioning.losses if c.conditioning else ()
    if known and c["loss.name"] not in known:
        yield "loss.name", f"{' or '.join(map(repr, known))} with {c.said(CRITIC)}"


def labels(c: Choice) -> Refusals:
    """Labels go to a generator where the game has them, and only there."""
    if c.game.labelled and c.label == "none":
        yield GENERATOR, "a way to give the label, 'concatenation'"
    takes_labels = ("concatenation", "embedding", "conditional_batch_norm")
    if c.label in takes_labels and not c.game.labelled:
        expected = f"'none' or 'self_modulation', as {c.said('game')} has no labels"
        yield GENERATOR, f"{expected}; game='conditional_gan' has"


def packs(c: Choice) -> Refusals:
    """A pack is judged as one sample."""
    if c["packing"] > 1 and c.get(CRITIC, "concatenation") != "concatenation":
        yield "packing", f"1, as {c.said(CRITIC)} judges one label, or 'concatenation'"
    if c["packing"] > 1 and c.game.alone:
        yield "packing", f"1, as the critic of {c.said('game')} judges single samples"
    if c["batch_size"] % c["packing"]:
        yield "packing", f"a divisor of {c.said('batch_size')}"


def inputs(c: Choice) -> Refusals:
    """Terms and augmentations need what the game's critics see."""
    for field, term in c.terms.items():
        if "latents" in term.needs and not c.game.from_latents:
            yield field, f"0, as {c.said('game')} has no generator from latents"
    changes = c.config.augmentation
    if changes.adaptive and not changes.names and not changes.pseudo:
        expected = "augmentation.names or augmentation.pseudo with a probability"
        yield "augmentation.adaptive", expected
    if changes.names and c.game.judges != "data":
        expected = f"none, as the critic of {c.said('game')} sees {c.game.judges}"
        yield "augmentation.names", expected


def generators(c: Choice) -> Refusals:
    """Truncation needs a normal latent; progressive networks grow together."""
    if c["sampling.truncation"] and c.get("latents.name") != "normal":
        expected = "0, as latents.name='normal' alone has tails to cut"
        yield "sampling.truncation", expected
    names = {f"networks.{name}.name": x.name for name, x in c.config.networks.items()}
    for field, name in names.items():
        if "progressive" in names.values() and name != "progressive":
            both = "generator and discriminator must both be progressive"
            yield field, f"'progressive', as {both}"


def data(c: Choice, spec) -> Refusals:
    """A game reads what the data have; what needs images does not go with points."""
    missing = set(c.game.reads) - set(spec.fields)
    if missing:
        expected = f"examples with {', '.join(c.game.reads)} for {c.said('game')}"
        known = "; data.labels=N makes N labels known and hides the others"
        has = f"it has {', '.join(spec.fields)}{known if 'known' in missing else ''}"
        yield "data.name", f"{expected}, and {has}"
    if c.game.paired and not spec.paired:
        has = "as data.name='edges_fashion_mnist' has; game='cyclegan' takes these"
        yield "data.name", f"examples in pairs for {c.said('game')}, {has}"
    if len(spec.shape) == 3:
        return
    points = f"{c.said('data.name')} has points"
    if c["data.mirror"]:
        yield "data.mirror", f"False, as {points}"
    if c["augmentation.names"]:
        expected = f"images, and {points}; augmentation.noise is for both"
        yield "augmentation.names", expected
    for field, term in c.terms.items():
        if "images" in term.needs:
            yield field, f"images, and {points}"


def networks(c: Choice, spec, modules) -> Refusals:
    """A penalty needs single samples; a generator takes what it has a place for."""
    for label, penalty in c.config.regularizers.items():
        field, every = f"regularizers.{label}.weight", penalty.player == EVERY_CRITIC
        for critic in (c.game.critics if every else [penalty.player]) * (field in c.on):
            if getattr(modules[critic], "normalization", None) == "batch":
                normalization = f"networks.{critic}.normalization='spectral' or 'none'"
                expected = (
                    f"a critic that judges every sample alone, as {normalization}"
                )
                yield field, f"{expected} does; this one mixes those of a batch"
    generator, name = modules.get("generator"), c.get("networks.generator.name")
    if c.label in MODULATIONS and not getattr(generator, "takes_conditions", False):
        expected = "a generator with batch normalisation, as networks.generator."
        place = f"normalization='batch' has where '{name}' has that option"
        yield GENERATOR, f"{expected}{place}; 'concatenation' is for all"
    if c.label == "embedding" and not getattr(generator, "embeds_labels", False):
        made = {k: getattr(x, "Generator", None) for k, x in ARCHITECTURES.items()}
        able = sorted(k for k, x in made.items() if getattr(x, "embeds_labels", False))
        expected = (
            f"networks.generator.name={' or '.join(map(repr, able))}, which embed"
        )
        yield GENERATOR, f"{expected} a label, not '{name}'; 'concatenation' is for all"
    # A term drops what a network writes.
    if getattr(modules.get("posterior"), "normalization", "none") != "none":
        expected = "'none', as what others keep from step to step would be lost"
        yield "networks.posterior.normalization", expected


OF_CONFIGS = (players, losses, labels, packs, inputs, schedules, generators)
RULES = (OF_CONFIGS, (data,), (networks,))


def check(config: ConfigDict, *built: Any) -> None:
    """Raise ``BadInput`` for the first refusal of a config, of its data (``built`` is
    their ``spec``) or of its networks (``built`` is ``spec`` and ``modules``)."""
    choice = Choice(config)
    for rule in RULES[len(built)]:
        for field, expected in rule(choice, *built):
            raise BadInput(f"{choice.said(field)}: expected {expected}")
