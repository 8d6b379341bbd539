"""From a config to values: the game, its feed, its evaluators. Nothing else reads a
config to decide what to build."""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from ml_collections import ConfigDict

from ganjax.config import knobs
from ganjax.core import DYNAMICS, Game, Network
from ganjax.data import Feed, Source, make_feed, open_source
from ganjax.errors import BadInput
from ganjax.evaluation import EVALUATORS
from ganjax.games import GAMES, Parts
from ganjax.latents import LATENTS
from ganjax.networks import ARCHITECTURES
from ganjax.objectives import LOSSES, REGULARIZERS, Adversary, Penalty
from ganjax.optimizers import OPTIMIZERS, clipped, decayed
from ganjax.schema import EVERY_CRITIC
from ganjax.training import Plan


@dataclasses.dataclass(frozen=True)
class Setup:
    """All that a run is made of.

    ``evaluators`` is by name, each with ``run(state)`` that yields ``(name, value)``.
    """

    game: Game
    knobs: dict[str, float]
    source: Source
    feed: Feed
    evaluators: dict[str, object]
    plan: Plan


def build(config: ConfigDict) -> Setup:
    """Builds what a resolved config describes.

    Raises:
      BadInput: if the data cannot be read, or does not go with the networks or with the
        number of devices.
    """
    source = open_source(config.data.name, config.data.dir)
    game = build_game(config, source)
    devices = _devices(config)
    feed = make_feed(
        source.train,
        batch_size=config.batch_size,
        rounds=game.rounds,
        kind=config.data.feed,
    )
    return Setup(
        game=game,
        knobs=knobs(config),
        source=source,
        feed=feed,
        evaluators={
            name: EVALUATORS[name](
                game, source, samples=config.evaluation.samples, seed=config.seed
            )
            for name in config.evaluation.names
        },
        plan=Plan(
            seed=config.seed,
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
        ),
    )


def build_game(config: ConfigDict, source: Source) -> Game:
    """The game alone, for data of ``source``'s shape."""
    recipe = GAMES[config.game]
    shape = source.spec.shape
    missing = [name for name in recipe.reads if name not in source.spec.fields]
    if missing:
        raise BadInput(
            f"data.name='{config.data.name}': expected examples with "
            f"{', '.join(recipe.reads)} for game='{config.game}', and it has "
            f"{', '.join(source.spec.fields)}"
        )
    size = config.latents.size if recipe.latents else 0

    def draw(keys):
        return LATENTS[config.latents.name](keys, size)

    def network(name, *inputs, output=None):
        options = dict(config.networks[name])
        architecture = ARCHITECTURES[options.pop("name")]
        options["dtype"] = jnp.dtype(config.precision)
        if output is None:
            module = architecture.Discriminator(**options)
            if module.mixes_samples:
                _check_penalties(config, recipe, name)
        else:
            module = architecture.Generator(shape=output, **options)
        made = Network(
            module, tuple(jax.ShapeDtypeStruct((2, *x), jnp.float32) for x in inputs)
        )
        _check_network(name, made)
        return made

    examples = source.test if callable(source.test) else None
    return recipe.make(
        Parts(
            shape=shape,
            classes=len(source.spec.classes),
            batch_size=config.batch_size,
            latent_size=size,
            draw=draw,
            network=network,
            optimizers={
                player: _optimizer(config, player) for player in recipe.players
            },
            updates={
                player: config.optimizers[player].updates_per_step
                for player in recipe.players
            },
            adversary=_adversary(config),
            examples=examples,
            options={
                "dynamics": DYNAMICS[config.dynamics],
                "ema_decay": _ema_decay,
            },
        )
    )


def _check_network(name, network):
    def initialise(key, *inputs):
        return network.module.init(key, *inputs, train=True)

    try:
        jax.eval_shape(initialise, jax.eval_shape(jax.random.key, 0), *network.inputs)
    except ValueError as error:
        raise BadInput(f"networks.{name}: {error}".split("\n")[0]) from error


def _check_penalties(config, recipe, critic):
    """Refuses penalties on a critic that has no gradient of a single sample."""
    for name, term in config.regularizers.items():
        critics = recipe.critics if term.player == EVERY_CRITIC else (term.player,)
        if term.weight and critic in critics:
            raise BadInput(
                f"regularizers.{name}.weight={term.weight}: expected a critic that "
                f"judges every sample alone, and networks.{critic} mixes those of a "
                f"batch; networks.{critic}.normalization='spectral' or 'none' does not"
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
        optimizer = OPTIMIZERS[section.name](scalars)
        if section.weight_decay:
            optimizer = decayed(optimizer, scalars)
        if section.clip:
            optimizer = clipped(optimizer, scalars["clip"])
        return optimizer

    return make


def _adversary(config):
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
            if term.weight
        ),
        smoothing="loss.smoothing" if config.loss.smoothing else None,
        flipping="loss.flipping" if config.loss.flipping else None,
    )


def _ema_decay(knobs, step):
    # A short memory at first, so that the average is not of the initial values.
    step = step.astype(jnp.float32)
    return jnp.minimum(knobs["ema.decay"], (1 + step) / (10 + step))


def _devices(config) -> Sequence[jax.Device]:
    found = jax.local_devices()
    wanted = config.parallel.devices or len(found)
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
