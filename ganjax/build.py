"""From a config to values: the game, its feed, its evaluation. Nothing else reads a
config to decide what to build."""

import dataclasses
import functools
import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from ml_collections import ConfigDict

from ganjax.augment import adapt, augmented, pseudo_real
from ganjax.combinations import BUILDS, is_on, matched, terms_on
from ganjax.core import DYNAMICS, Game, Network
from ganjax.data import (
    Feed,
    Source,
    make_feed,
    mirrored,
    open_source,
    scaled,
    some_of,
)
from ganjax.errors import BadInput
from ganjax.evaluation import Evaluation, Exhibit, as_bytes, held_out
from ganjax.games import GAMES, Parts
from ganjax.latents import LATENTS, optimised, truncated
from ganjax.metrics.features import open_extractor
from ganjax.networks import ARCHITECTURES
from ganjax.networks.layers import MODULATIONS
from ganjax.objectives import (
    CONDITIONINGS,
    LOSSES,
    REGULARIZERS,
    TERMS,
    Adaptation,
    Adversary,
    Penalty,
    Sight,
    WeighedTerm,
)
from ganjax.optimizers import (
    OPTIMIZERS,
    accumulated,
    bounded,
    clipped,
    decayed,
    frozen,
)
from ganjax.schedules import Schedule, scheduled
from ganjax.schema import EVERY_CRITIC, knobs
from ganjax.training import Plan

# Held-out images that a game which translates is shown for pictures; they become a
# constant of a program.
SHOWN = 1000


@dataclasses.dataclass(frozen=True)
class Setup:
    """All that a run is made of."""

    game: Game
    seed: int
    knobs: dict[str, float]
    source: Source
    feed: Feed
    evaluation: Evaluation
    plan: Plan


def build(config: ConfigDict) -> Setup:
    """Builds what a resolved config describes.

    Raises:
      BadInput: if the data cannot be read, or does not go with the networks or with the
        number of devices.
    """
    source = open_data(config)
    game = build_game(config, source)
    devices = _devices(config)
    share = config.batch_size // len(devices)
    if share % config.packing:
        raise BadInput(
            f"packing={config.packing}: expected a divisor of {share}, which each of "
            f"{len(devices)} devices has of batch_size={config.batch_size}"
        )
    few, subset = config.data.limit, config.data.subset
    feed = make_feed(
        some_of(source, few, subset) if few else source.train,
        batch_size=config.batch_size,
        rounds=game.rounds,
        kind=config.data.feed,
    )
    if config.data.mirror:
        feed = mirrored(feed, batch_size=config.batch_size, rounds=game.rounds)
    return Setup(
        game=game,
        seed=config.seed,
        knobs=knobs(config),
        source=source,
        feed=feed,
        evaluation=build_evaluation(config, game, source, config.evaluation.names),
        plan=Plan(
            steps=config.steps,
            batch_size=config.batch_size,
            devices=devices,
            carrier=config.parallel.carrier,
            inner_steps=config.parallel.inner_steps,
            log_every=config.log.every,
            sample_every=config.samples.every,
            sample_count=config.samples.count,
            evaluate_every=config.evaluation.every,
            checkpoint_every=config.checkpoint.every,
            checkpoints_kept=config.checkpoint.keep,
            best=config.checkpoint.best,
            best_is=config.checkpoint.best_is,
        ),
    )


def open_data(config: ConfigDict) -> Source:
    """The data of a config.

    Raises:
      BadInput: if they cannot be read, or have no such part.
    """
    section = config.data
    return open_source(
        section.name,
        section.dir,
        classes=section.classes,
        labels=section.labels,
        subset=section.subset,
    )


def build_evaluation(
    config: ConfigDict,
    game: Game,
    source: Source,
    names: Sequence[str],
) -> Evaluation:
    """The evaluators ``names``, by the protocol of ``config.evaluation``.

    Raises:
      BadInput: if the extractor cannot be had, or an evaluator has nothing to say.
    """
    section = config.evaluation
    extractor = None
    if section.extractor:
        extractor = open_extractor(section.extractor, section.weights, section.resize)
    exhibit = Exhibit(
        game,
        source,
        samples=section.samples,
        real=section.real,
        seed=config.seed,
        extractor=extractor,
    )
    return Evaluation(exhibit, names, config.sampling.truncation)


def build_game(config: ConfigDict, source: Source) -> Game:
    """The game alone, for data of ``source``'s shape."""
    recipe = GAMES[config.game]
    shape = source.spec.shape
    missing = [name for name in recipe.reads if name not in source.spec.fields]
    if missing:
        raise BadInput(
            f"data.name='{config.data.name}': expected examples with "
            f"{', '.join(recipe.reads)} for game='{config.game}', and it has "
            f"{', '.join(source.spec.fields)}{_what_has(missing)}"
        )
    if recipe.paired and not source.spec.paired:
        raise BadInput(
            f"data.name='{config.data.name}': expected examples in pairs for game="
            f"'{config.game}', as data.name='edges_fashion_mnist' has; "
            f"game='cyclegan' takes these"
        )
    size = config.latents.size if recipe.latents else 0
    classes = len(source.spec.classes)
    modules = {}

    def network(name, *inputs, output=None, told=False):
        module = modules[name] = _module(config, name, output, classes)
        shapes = [jax.ShapeDtypeStruct((2, *x), jnp.float32) for x in inputs]
        if told:
            shapes.append(jax.ShapeDtypeStruct((2,), jnp.int32))
        made = Network(module, tuple(shapes))
        _check_network(name, made)
        return made

    adversary = _adversary(config, classes, pictures=len(shape) == 3)
    parts = Parts(
        shape=shape,
        classes=classes,
        batch_size=config.batch_size,
        latent_size=size,
        draw=lambda keys: LATENTS[config.latents.name](keys, size),
        draw_samples=_draw_samples(config, size),
        network=network,
        optimizers={player: _optimizer(config, player) for player in recipe.players},
        updates={
            player: config.optimizers[player].updates_per_step
            for player in recipe.players
        },
        adversary=adversary,
        examples=_examples(source.test),
        options=dict(config.get("options", {})),
        common={
            "dynamics": DYNAMICS[config.dynamics.name].chosen(
                steps=config.dynamics.steps
            ),
            "ema_decay": _ema_decay(config),
            "schedule": _schedule(config),
            "intervals": adversary.intervals(),
            "standing": config.sampling.statistics == "standing",
        },
        told=dict(config.get("conditioning", {})),
        sharpen=_sharpen(config),
        memory=adversary.memory,
    )
    try:
        game = recipe.make(parts)
    except ValueError as error:
        raise BadInput(str(error)) from error
    for check in BUILDS:
        if reason := check(config, source.spec, modules):
            raise BadInput(reason)
    _check_frozen(config, game)
    return game


def _what_has(missing):
    if "known" in missing:
        return "; data.labels=N makes N labels known and hides the others"
    return ""


def _examples(split):
    """``keys [n] -> batch`` of held-out data."""
    if callable(split):
        return split

    @functools.cache
    def some():
        return as_bytes(held_out(split, SHOWN, seed=0)[0])

    def chosen(keys):
        at = jax.vmap(lambda key: jax.random.randint(key, (), 0, len(some())))(keys)
        return {"data": scaled(jnp.asarray(some())[at])}

    return chosen


def _module(config, name, output, classes):
    recipe = GAMES[config.game]
    kind = recipe.networks[name].capitalize()
    options = dict(config.networks[name])
    architecture = ARCHITECTURES[options.pop("name")]
    options["dtype"] = jnp.dtype(config.precision)
    told = config.get("conditioning", {})
    if output is None:
        if "discriminator" in told:
            options |= {"conditioning": told["discriminator"], "classes": classes}
        if recipe.classifies:
            options |= {"conditioning": "class_logits", "classes": classes}
        return architecture.Discriminator(**options)
    if kind == "Encoder":
        return architecture.Encoder(shape=output, **options)
    if told.get("generator") in ("embedding", *MODULATIONS):
        options |= {"conditioning": told["generator"], "classes": classes}
    if config.sampling.truncation and _truncates(architecture):
        options["truncation"] = config.sampling.truncation
    return architecture.Generator(shape=output, **options)


def _truncates(architecture):
    """Whether its generator cuts the tails of something better than its latent."""
    return hasattr(getattr(architecture, "Generator", None), "truncation")


def _check_network(name, network):
    def initialise(key, *inputs):
        return network.module.init(key, *inputs, train=True)

    try:
        jax.eval_shape(initialise, jax.eval_shape(jax.random.key, 0), *network.inputs)
    except ValueError as error:
        raise BadInput(f"networks.{name}: {error}".split("\n")[0]) from error


def _check_frozen(config, game):
    for player in game.players:
        names = config.optimizers[player.name].frozen
        if not names:
            continue

        def start(player=player):
            key = jax.random.key(0)
            params = {
                name: game.networks[name].module.init(
                    key,
                    *(jnp.zeros(x.shape, x.dtype) for x in game.networks[name].inputs),
                    train=True,
                )["params"]
                for name in player.owns
            }
            return player.optimizer(knobs(config)).init(params)

        try:
            jax.eval_shape(start)
        except ValueError as error:
            raise BadInput(f"optimizers.{player.name}.frozen={error}") from error


def _draw_samples(config, size):
    if not size:
        return None
    if config.sampling.truncation and not any(
        _truncates(ARCHITECTURES[section.name]) for section in config.networks.values()
    ):
        return lambda keys: truncated(keys, size, config.sampling.truncation)
    return lambda keys: LATENTS[config.latents.name](keys, size)


def _sharpen(config):
    there = "optimisation" in config.get("latents", {})
    if not there or not is_on(config, "latents.optimisation"):
        return lambda view, z, score: z
    return lambda view, z, score: optimised(
        z, score, view.knobs["latents.optimisation"], view.knobs["latents.damping"]
    )


def _optimizer(config, player):
    section = config.optimizers[player]
    prefix = f"optimizers.{player}."

    def make(knobs):
        scalars = {
            name.removeprefix(prefix): value
            for name, value in knobs.items()
            if name.startswith(prefix)
        }
        if config.dynamics.name == "unrolled":
            # Its updates are differentiated: far below what a gradient's square holds.
            scalars["eps_root"] = 1e-24
        optimizer = OPTIMIZERS[section.name](scalars)
        if is_on(config, f"{prefix}weight_decay"):
            optimizer = decayed(optimizer, scalars)
        if is_on(config, f"{prefix}gradient_clip"):
            optimizer = bounded(optimizer, scalars["gradient_clip"])
        if is_on(config, f"{prefix}clip"):
            optimizer = clipped(optimizer, scalars["clip"])
        if section.accumulate > 1:
            optimizer = accumulated(optimizer, section.accumulate)
        if section.frozen:
            optimizer = frozen(optimizer, section.frozen)
        return optimizer

    return make


def _adversary(config, classes, pictures):
    how = config.get("conditioning", {}).get("discriminator")
    section = config.augmentation
    augment = None
    if section.names:
        augment = functools.partial(augmented, tuple(section.names))
    return Adversary(
        loss=LOSSES[config.loss.name],
        penalties=tuple(
            Penalty(
                name=name,
                penalty=REGULARIZERS[name],
                knob=f"regularizers.{name}.weight",
                interval=term.interval,
                player=None if term.player == EVERY_CRITIC else term.player,
            )
            for name, term in config.regularizers.items()
            if is_on(config, f"regularizers.{name}.weight")
        ),
        smoothing="loss.smoothing" if is_on(config, "loss.smoothing") else None,
        flipping="loss.flipping" if is_on(config, "loss.flipping") else None,
        top_k="loss.top_k" if is_on(config, "loss.top_k") else None,
        sight=Sight(
            augment=augment,
            noise="augmentation.noise" if is_on(config, "augmentation.noise") else None,
            classes=classes if how == "concatenation" else 0,
            told=how not in (None, "concatenation"),
            packing=config.packing,
        ),
        conditioning=CONDITIONINGS[how] if how else None,
        terms=tuple(
            WeighedTerm(
                name, TERMS[name], f"terms.{name}.weight", config.terms[name].interval
            )
            for name in terms_on(config)
        ),
        adaptation=Adaptation(adapt) if section.adaptive else None,
        pseudo=pseudo_real if section.pseudo else None,
        vary=_varied if pictures else None,
    )


def _varied(keys, x):
    """The changes that consistency is asked for (CR-GAN, section 3)."""
    return augmented(("flip", "translation"), keys, x, 1.0)


def _schedule(config):
    schedules = tuple(
        Schedule(
            knobs=tuple(matched(config, section.knobs)),
            shape=section.shape,
            end=section.end,
            begin=section.begin,
            steps=section.steps or config.steps - section.begin,
        )
        for section in config.schedules.values()
    )
    return functools.partial(scheduled, schedules)


def _ema_decay(config):
    if not is_on(config, "ema.half_life"):
        return _decay_a_step
    return functools.partial(_half_life, config.batch_size)


def _decay_a_step(knobs, step):
    # A short memory at first, so that the average is not of the initial values.
    step = step.astype(jnp.float32)
    return jnp.minimum(knobs["ema.decay"], (1 + step) / (10 + step))


def _half_life(batch_size, knobs, step):
    """The decay of a half-life in thousands of images, at most ``ema.ramp`` times those
    seen (Karras et al. 2020, arXiv 2006.06676, official code)."""
    seen = (step.astype(jnp.float32) + 1) * batch_size
    most = jnp.where(knobs["ema.ramp"] > 0, seen * knobs["ema.ramp"], math.inf)
    half_life = jnp.minimum(1000 * knobs["ema.half_life"], most)
    return 0.5 ** (batch_size / jnp.maximum(half_life, 1e-8))


def _devices(config) -> Sequence[jax.Device]:
    found = jax.devices()
    wanted = config.parallel.devices or len(found)
    if jax.process_count() > 1:
        if wanted != len(found) or config.parallel.carrier != "shard_map":
            raise BadInput(
                f"parallel.devices={config.parallel.devices}, "
                f"parallel.carrier='{config.parallel.carrier}': expected 0 and "
                f"'shard_map' for the {len(found)} devices of "
                f"{jax.process_count()} processes"
            )
    if wanted > len(found):
        raise BadInput(
            f"parallel.devices={wanted}: there are {len(found)} devices here"
        )
    if config.batch_size % wanted:
        raise BadInput(
            f"batch_size={config.batch_size}: expected a multiple of the {wanted} "
            f"devices"
        )
    return found[:wanted]
