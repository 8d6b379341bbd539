"""Rules about combinations of components. A rule yields the path of each field that it
refuses and what it expects. ``tests/test_rules.py`` has an example of each refusal."""

from collections.abc import Iterator
from typing import Any

from ganjax.core.dynamics import DYNAMICS
from ganjax.errors import BadInput, nearest
from ganjax.objectives import CONDITIONINGS, EVERY_CRITIC, LOSSES, TERMS, terms_in_order
from ganjax.schedules import refusals as schedules

Refusals = Iterator[tuple[str, str]]
CRITIC = "conditioning.discriminator"


def needs(c, spec=None) -> Refusals:
    """A conditioning may need certain losses. An option or a term declares ``needs``:
    other fields that must be set with it, or conditions by name (``there`` below)."""
    section = {"discriminator": "concatenation", **c.config.get("conditioning", {})}
    conditioning = CONDITIONINGS.make(CRITIC, section)
    known = conditioning.losses or (c["loss.name"],)
    if c["loss.name"] not in known:
        yield "loss.name", f"{' or '.join(map(repr, known))} with {c.said(CRITIC)}"
    separable = LOSSES.make("loss.name", c.config.loss).separable
    changes, packs = c.config.augmentation, c["batch_size"] % c["packing"] == 0
    latents = "latents.name" if "latents.name" in c else "game"
    there = {  # need -> (whether it is met, the field that decides it)
        "a loss of single samples": (separable, "loss.name"),
        "a separate adversarial loss": (not conditioning.replaces_loss, CRITIC),
        "normal latents": (c[latents] == "normal", latents),
        "a generator from latents": (c.game.from_latents, "game"),
        "a critic that sees data": (c.game.critic_sees == "data", "game"),
        "a critic with embeddings": (conditioning.embeds(section["discriminator"]), ""),
        "a critic that takes packs": (not c.game.single_samples, "game"),
        "a batch of whole packs": (packs, "batch_size"),
        "augmentation.names or pseudo": (changes.names or changes.pseudo, ""),
        "labels joined to samples": (c.get(CRITIC) in (None, "concatenation"), CRITIC),
        "images": (spec is None or len(spec.shape) == 3, "data.name"),
    }
    terms = c.config.terms
    wanted = {
        f"terms.{x}.weight": TERMS.make(f"terms.{x}.name", terms[x])
        for x in terms_in_order(terms, c.on)
    }
    for field, option in c.fields.items():
        if field in c.on if option.knob else c[field] != option.default:
            wanted.setdefault(field, option)
    for field, component in wanted.items():
        for need in component.needs:
            met, reason = there.get(need) or (c.get(need), "")
            if not met:
                not_met = f", not {c.said(reason)}" if reason else ""
                yield field, f"{need} with it{not_met}"


def steps(c) -> Refusals:
    """Counts of steps are multiples of ``inner_steps``, the steps per compiled call."""
    for field, option in c.fields.items():
        if option.whole and c[field] % c["parallel.inner_steps"]:
            yield field, f"a multiple of {c.said('parallel.inner_steps')}"


def players(c) -> Refusals:
    """A penalty needs a critic of the game, without batch normalisation. With joint
    dynamics a player has one update per step. Progressive networks grow together."""
    critics = (EVERY_CRITIC, *c.game.critics)
    for label, penalty in c.config.regularizers.items():
        if penalty.player not in critics:
            expected = f"one of {', '.join(critics)}{nearest(penalty.player, critics)}"
            yield f"regularizers.{label}.player", expected
        weight = f"regularizers.{label}.weight"
        for critic in c.game.critics if weight in c.on else ():
            batch = c.get(field := f"networks.{critic}.normalization") == "batch"
            if batch and penalty.player in (EVERY_CRITIC, critic):
                yield weight, f"{field}='spectral' or 'none' with it"
    joint = DYNAMICS.make("dynamics.name", c.config.dynamics).joint
    for player in c.game.players:
        if joint and c[field := f"optimizers.{player}.updates_per_step"] != 1:
            yield field, f"1 with {c.said('dynamics.name')}"
    names = {f"networks.{name}.name": x.name for name, x in c.config.networks.items()}
    for field, name in names.items():
        if "progressive" in names.values() and name != "progressive":
            both = "generator and discriminator must both be progressive"
            yield field, f"'progressive', as {both}"


def data(c, spec) -> Refusals:
    """The data must have the fields, and the pairs, that the game reads."""
    if missing := set(c.game.reads) - set(spec.fields):
        expected = f"examples with {', '.join(c.game.reads)} for {c.said('game')}"
        known = "; data.labels=N makes N labels known and hides the others"
        has = f"it has {', '.join(spec.fields)}{known if 'known' in missing else ''}"
        yield "data.name", f"{expected}, and {has}"
    if c.game.paired and not spec.paired:
        pairs = f"examples in pairs for {c.said('game')}"
        yield "data.name", f"{pairs}; game='cyclegan' takes others"


RULES = ((needs, steps, players, schedules, lambda c: c.game.rule(c)), (needs, data))


def check(c, *spec: Any) -> None:
    """Raise ``BadInput`` if a config breaks a rule. With ``spec``, the description of
    the data, check the rules about the data in place of the others."""
    for rule in RULES[len(spec)]:
        for field, expected in rule(c, *spec):
            raise BadInput(f"{c.said(field)}: expected {expected}")
