"""What does not go together, and what would.

Each check is ``(config) -> reason or None``, or for what the data and the networks
decide ``(config, spec, modules) -> reason or None``; a reason names the field, its
value and what was expected. ``tests/test_combinations.py`` has an example of each.
"""

import fnmatch
from collections.abc import Iterator

from ganjax.core import DYNAMICS
from ganjax.errors import nearest
from ganjax.games import GAMES
from ganjax.networks import ARCHITECTURES
from ganjax.networks.layers import MODULATIONS, NORMALIZATIONS
from ganjax.objectives import CONDITIONINGS, LOSSES, TERMS
from ganjax.schema import EVERY_CRITIC, RANGES, knobs


def _said(field, value, expected):
    shown = f"'{value}'" if isinstance(value, str) else value
    return f"{field}={shown}: expected {expected}"


# Numbers that leave their term out at another value than 0.
OFF = {"loss.top_k": 1.0}


def is_on(config, field: str) -> bool:
    """Whether a number is not at the value that leaves its term out, or will move."""
    value = config
    for part in field.split("."):
        value = value[part]
    return value != OFF.get(field, 0.0) or field in scheduled_fields(config)


def all_on(config) -> dict[str, bool]:
    """``is_on`` of every knob."""
    moving = scheduled_fields(config)
    return {
        field: value != OFF.get(field, 0.0) or field in moving
        for field, value in knobs(config).items()
    }


def scheduled_fields(config) -> set[str]:
    """The knobs that a schedule moves."""
    return {
        field
        for schedule in config.schedules.values()
        for field in matched(config, schedule.knobs)
    }


def matched(config, patterns: str) -> list[str]:
    """The knobs that patterns with ``*``, apart by commas, name."""
    return [
        name
        for name in knobs(config)
        if any(fnmatch.fnmatchcase(name, p.strip()) for p in patterns.split(","))
    ]


def terms_on(config) -> Iterator[str]:
    """The names of the terms in the program."""
    return (name for name in TERMS if is_on(config, f"terms.{name}.weight"))


def _conditioning(config):
    section = config.get("conditioning", {})
    return CONDITIONINGS.get(section.get("discriminator"))


def labels_of_a_relativistic_loss(config):
    for field in ("smoothing", "flipping"):
        if is_on(config, f"loss.{field}") and not LOSSES[config.loss.name].separable:
            return _said(
                f"loss.{field}",
                config.loss[field],
                f"0, as loss.name='{config.loss.name}' has no label of a single sample",
            )


def top_k_of_a_relativistic_loss(config):
    if is_on(config, "loss.top_k") and not LOSSES[config.loss.name].separable:
        return _said(
            "loss.top_k",
            config.loss.top_k,
            f"1, as loss.name='{config.loss.name}' has no price of a single sample",
        )


def loss_of_a_conditioning(config):
    conditioning = _conditioning(config)
    if conditioning and conditioning.losses:
        if config.loss.name not in conditioning.losses:
            return _said(
                "loss.name",
                config.loss.name,
                f"{' or '.join(map(repr, conditioning.losses))} with "
                f"conditioning.discriminator='{config.conditioning.discriminator}'",
            )


def what_multi_hinge_replaces(config):
    conditioning = _conditioning(config)
    if not (conditioning and conditioning.alone):
        return None
    for field in ("smoothing", "flipping", "top_k"):
        if is_on(config, f"loss.{field}"):
            return _said(
                f"loss.{field}",
                config.loss[field],
                f"{OFF.get(f'loss.{field}', 0.0):g}, as conditioning.discriminator="
                f"'{config.conditioning.discriminator}' takes the place of the loss",
            )


def labels_that_nobody_reads(config):
    labelled = "label" in GAMES[config.game].reads
    told = config.get("conditioning", {}).get("generator")
    if labelled and told == "none":
        return _said(
            "conditioning.generator", told, "a way to tell the label, 'concatenation'"
        )
    of_labels = "concatenation", "embedding", "conditional_batch_norm"
    if told in of_labels and not labelled:
        return _said(
            "conditioning.generator",
            told,
            f"'none' or 'self_modulation', as game='{config.game}' has no labels; "
            f"game='conditional_gan' has",
        )


def packs_of_labels(config):
    how = config.get("conditioning", {}).get("discriminator", "concatenation")
    if config.packing > 1 and how != "concatenation":
        return _said(
            "packing",
            config.packing,
            f"1, as conditioning.discriminator='{how}' judges one label; "
            f"'concatenation' packs samples with their labels",
        )


def packs_where_samples_are_asked_alone(config):
    if config.packing > 1 and GAMES[config.game].alone:
        return _said(
            "packing",
            config.packing,
            f"1, as game='{config.game}' asks its critic of single samples",
        )


def packs_that_fill_no_batch(config):
    if config.batch_size % config.packing:
        return _said(
            "packing",
            config.packing,
            f"a divisor of batch_size={config.batch_size}",
        )


def joint_moves_of_several_turns(config):
    if DYNAMICS[config.dynamics.name].joint is None:
        return None
    for player, optimizer in config.optimizers.items():
        if optimizer.updates_per_step != 1:
            return _said(
                f"optimizers.{player}.updates_per_step",
                optimizer.updates_per_step,
                f"1 with dynamics.name='{config.dynamics.name}'",
            )


def penalties_of_no_critic(config):
    critics = (EVERY_CRITIC, *GAMES[config.game].critics)
    for name, term in config.regularizers.items():
        if term.player not in critics:
            return _said(
                f"regularizers.{name}.player",
                term.player,
                f"one of {', '.join(critics)}{nearest(term.player, critics)}",
            )


def terms_of_a_generator_from_latents(config):
    for name in terms_on(config):
        if "latents" in TERMS[name].needs and not GAMES[config.game].from_latents:
            return _said(
                f"terms.{name}.weight",
                config.terms[name].weight,
                f"0, as game='{config.game}' has no generator from latents",
            )


def adaptation_of_nothing(config):
    section = config.augmentation
    if section.adaptive and not section.names and not section.pseudo:
        return _said(
            "augmentation.adaptive",
            True,
            "augmentation.names or augmentation.pseudo with a probability to adapt",
        )


def augmented_latents(config):
    judges = GAMES[config.game].judges
    if config.augmentation.names and judges != "data":
        return _said(
            "augmentation.names",
            ",".join(config.augmentation.names),
            f"none, as the critic of game='{config.game}' is shown {judges}",
        )


def schedules_of_nothing(config):
    taken = {}
    for name, schedule in config.schedules.items():
        fields = matched(config, schedule.knobs)
        if not fields:
            return _said(
                f"schedules.{name}.knobs",
                schedule.knobs,
                f"numbers that are knobs, as optimizers.*.learning_rate"
                f"{nearest(schedule.knobs, knobs(config))}",
            )
        for field in fields:
            if field in taken:
                return _said(
                    f"schedules.{name}.knobs",
                    schedule.knobs,
                    f"other knobs than schedules.{taken[field]} moves, {field}",
                )
            taken[field] = name
            section = config
            for part in field.split("."):
                section = section[part]
            if schedule.shape == "exponential" and min(section, schedule.end) <= 0:
                return _said(
                    f"schedules.{name}.shape",
                    "exponential",
                    f"'linear' or 'cosine', as {field} goes from {section} to "
                    f"{schedule.end}, and factors need both ends above 0",
                )
            for pattern, (holds, expected) in RANGES.items():
                if fnmatch.fnmatch(field, pattern) and not holds(schedule.end):
                    return _said(
                        f"schedules.{name}.end",
                        schedule.end,
                        f"{expected}, as of {field}",
                    )
        if not schedule.steps and schedule.begin >= config.steps:
            return _said(
                f"schedules.{name}.begin",
                schedule.begin,
                f"a step before the last, steps={config.steps}",
            )


def features_of_no_extractor(config):
    for field in ("weights", "resize"):
        if config.evaluation[field] and not config.evaluation.extractor:
            return _said(
                f"evaluation.{field}",
                config.evaluation[field],
                "evaluation.extractor, whose they are",
            )


def a_best_of_no_score(config):
    if config.checkpoint.best and not config.evaluation.names:
        return _said(
            "checkpoint.best",
            config.checkpoint.best,
            "evaluation.names, which say what is scored",
        )


def a_start_from_nowhere(config):
    if config.start.networks and not config.start.workdir:
        return _said(
            "start.networks",
            ",".join(config.start.networks),
            "start.workdir, the run to begin with",
        )


def truncated_uniform_latents(config):
    if config.sampling.truncation and config.get("latents", {}).get("name") != "normal":
        return _said(
            "sampling.truncation",
            config.sampling.truncation,
            "0, as latents.name='normal' alone has tails to cut",
        )


def growth_of_one_side(config):
    names = {name: config.networks[name].name for name in config.networks}
    growing = [name for name, made in names.items() if made == "progressive"]
    for name, made in names.items():
        if growing and made != "progressive":
            return _said(
                f"networks.{name}.name",
                made,
                f"'progressive', as networks.{growing[0]} grows and both must together",
            )


def normalization_that_an_architecture_lacks(config):
    for name, section in config.networks.items():
        architecture = ARCHITECTURES[section.name]
        there = getattr(architecture, "NORMALIZATIONS", NORMALIZATIONS)
        if section.get("normalization", there[0]) not in there:
            return _said(
                f"networks.{name}.normalization",
                section.normalization,
                f"one of {', '.join(there)} of networks.{name}.name='{section.name}'",
            )


# In the order in which they are looked at.
CONFIGS = (
    penalties_of_no_critic,
    labels_of_a_relativistic_loss,
    top_k_of_a_relativistic_loss,
    joint_moves_of_several_turns,
    labels_that_nobody_reads,
    loss_of_a_conditioning,
    what_multi_hinge_replaces,
    packs_of_labels,
    packs_where_samples_are_asked_alone,
    packs_that_fill_no_batch,
    terms_of_a_generator_from_latents,
    adaptation_of_nothing,
    augmented_latents,
    schedules_of_nothing,
    features_of_no_extractor,
    a_best_of_no_score,
    a_start_from_nowhere,
    truncated_uniform_latents,
    growth_of_one_side,
    normalization_that_an_architecture_lacks,
)


def penalties_of_a_batch(config, spec, modules):
    """A batch-normalised critic has no gradient of a single sample."""
    for name, term in config.regularizers.items():
        if not is_on(config, f"regularizers.{name}.weight"):
            continue
        critics = GAMES[config.game].critics
        for critic in critics if term.player == EVERY_CRITIC else (term.player,):
            if getattr(modules[critic], "normalization", None) == "batch":
                return _said(
                    f"regularizers.{name}.weight",
                    term.weight,
                    f"a critic that judges every sample alone, and networks.{critic} "
                    f"mixes those of a batch; networks.{critic}.normalization="
                    f"'spectral' or 'none' does not",
                )


def modulation_of_nothing(config, spec, modules):
    told = config.get("conditioning", {}).get("generator")
    if told in MODULATIONS and not getattr(
        modules["generator"], "takes_conditions", False
    ):
        return _said(
            "conditioning.generator",
            told,
            f"a generator with batch normalisation, and networks.generator.name="
            f"'{config.networks.generator.name}' has none as it stands; "
            f"networks.generator.normalization='batch' has, where there is that "
            f"option, or conditioning.generator='concatenation'",
        )


def embedding_of_nothing(config, spec, modules):
    if config.get("conditioning", {}).get("generator") != "embedding":
        return None
    if not getattr(modules["generator"], "embeds_labels", False):
        able = sorted(
            name
            for name, made in ARCHITECTURES.items()
            if getattr(getattr(made, "Generator", None), "embeds_labels", False)
        )
        return _said(
            "conditioning.generator",
            "embedding",
            f"networks.generator.name={' or '.join(map(repr, able))}, which embed a "
            f"label, and it is '{config.networks.generator.name}'; "
            f"'concatenation' is for all",
        )


def statistics_that_nobody_keeps(config, spec, modules):
    """What a network writes while a term asks it is dropped."""
    normalization = getattr(modules.get("posterior"), "normalization", "none")
    if normalization != "none":
        return _said(
            "networks.posterior.normalization",
            normalization,
            "'none', as what others keep from step to step would be lost",
        )


def pictures_of_points(config, spec, modules):
    if len(spec.shape) == 3:
        return None
    if config.data.mirror:
        return _said(
            "data.mirror",
            True,
            f"False, as data.name='{config.data.name}' has points",
        )
    if config.augmentation.names:
        return _said(
            "augmentation.names",
            ",".join(config.augmentation.names),
            f"images, and data.name='{config.data.name}' has points; "
            f"augmentation.noise is for both",
        )
    for name in terms_on(config):
        if "images" in TERMS[name].needs:
            return _said(
                f"terms.{name}.weight",
                config.terms[name].weight,
                f"images, and data.name='{config.data.name}' has points",
            )


BUILDS = (
    penalties_of_a_batch,
    modulation_of_nothing,
    embedding_of_nothing,
    statistics_that_nobody_keeps,
    pictures_of_points,
)
