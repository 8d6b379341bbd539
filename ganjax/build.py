"""From a config to values: the game, its sampler, its feed, its evaluation. Only this
module reads a config to decide what to build."""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from ml_collections import ConfigDict

from ganjax.averages import decay_of
from ganjax.config import knobs, knobs_on
from ganjax.config.rules import check
from ganjax.core import DYNAMICS, Game, GameState, Network, Player, init_state
from ganjax.data import (
    SOURCES,
    DataOptions,
    Feed,
    Source,
    examples_of,
    feed_of,
    open_source,
)
from ganjax.errors import BadInput
from ganjax.evaluation import Evaluation, exhibit_of
from ganjax.games import GAMES, Parts
from ganjax.latents import latents_of
from ganjax.model import Model, Sampler, Sampling
from ganjax.networks import module_of
from ganjax.networks.layers import MODULATIONS
from ganjax.objectives import CONDITIONINGS, LOSSES, AdversaryOptions, adversary_of
from ganjax.optimizers import OptimizerOptions, optimizer_of
from ganjax.options import own, read
from ganjax.schedules import schedule_of
from ganjax.training import Plan


@dataclasses.dataclass(frozen=True)
class Setup:
    """All that a run is made of."""

    game: Game
    sampler: Sampler
    sampling: Sampling
    seed: int
    knobs: dict[str, float]
    source: Source
    feed: Feed
    evaluation: Evaluation
    plan: Plan

    def model(self, state: GameState) -> Model:
        """Return the finished model of a state."""
        return Model(self.game, self.sampler, state, self.sampling)


def build(config: ConfigDict) -> Setup:
    """Build what a resolved config describes.

    Raises:
      BadInput: if the data cannot be read, or do not go with the networks or with the
        number of devices.
    """
    source = open_data(config)
    game, sampler = build_game(config, source)
    plan = read(Plan, config).on_devices(config.packing)
    data, names = read(DataOptions, config.data), plan.evaluation.names
    return Setup(
        game=game,
        sampler=sampler,
        sampling=read(Sampling, config.sampling),
        seed=config.seed,
        knobs=knobs(config),
        source=source,
        feed=feed_of(data, source, batch_size=plan.batch_size, rounds=game.rounds),
        evaluation=build_evaluation(config, game, sampler, source, names),
        plan=plan,
    )


def open_data(config: ConfigDict) -> Source:
    """Return the data of a config. Raises ``BadInput`` if they cannot be read."""
    section = config.data
    opener = SOURCES.find("data.name", section.name)
    parts = {name: section[name] for name in ("classes", "labels", "subset")}
    return open_source(section.name, section.dir, **parts, **own(opener, section))


def build_evaluation(
    config: ConfigDict, game: Game, sampler: Sampler, source: Source, names: Sequence
) -> Evaluation:
    """Return the evaluators ``names``, by the protocol of ``config.evaluation``.

    Raises:
      BadInput: if the extractor cannot be had, or an evaluator cannot score this game.
    """
    sampling = read(Sampling, config.sampling)
    exhibit = exhibit_of(config.evaluation, sampler, source, sampling, config.seed)
    return Evaluation(exhibit, names, lambda s: Model(game, sampler, s, sampling))


def build_game(config: ConfigDict, source: Source) -> tuple[Game, Sampler]:
    """Return the game and its sampler, for data of ``source``'s shape.

    Raises:
      BadInput: for data or networks that do not go with the game.
    """
    spec, on = source.spec, knobs_on(config)
    check(config, spec)
    recipe, labels = GAMES.make("game", config), config.get("conditioning", {})
    conditioning, classes, modules = None, len(spec.classes), {}
    if critic := labels.get("discriminator"):
        conditioning = CONDITIONINGS.make("conditioning.discriminator", labels)

    def network(name, *inputs, output=None, labelled=False):
        kind, path = recipe.networks[name], f"networks.{name}"
        how = labels.get("generator") if kind == "generator" else None
        if output is None:
            how = conditioning and conditioning.head_of(critic)
            how = "class_logits" if recipe.classifies else how
        elif how not in ("embedding", *MODULATIONS):
            how = None
        labelling = {"conditioning": how, "classes": classes} if how else {}
        filled_in = {"shape": output, "dtype": jnp.dtype(config.precision), **labelling}
        modules[name] = module_of(path, config.networks[name], kind, **filled_in)
        shapes = [jax.ShapeDtypeStruct((2, *x), jnp.float32) for x in inputs]
        shapes += [jax.ShapeDtypeStruct((2,), jnp.int32)] * labelled
        made = Network(modules[name], tuple(shapes))
        try:
            jax.eval_shape(lambda: made.initial(jax.random.key(0)))
        except BadInput as error:
            raise BadInput(f"{path}: {error}") from error
        return made

    def player(name, owns, objective, *, reads_data=True):
        options = read(OptimizerOptions, config.optimizers[name])
        unrolled = config.dynamics.name == "unrolled"
        optimizer = optimizer_of(name, options, on, differentiated=unrolled)
        turns = options.updates_per_step
        return Player(name, owns, objective, optimizer, turns, reads_data)

    adversary = adversary_of(
        read(AdversaryOptions, config),
        LOSSES.make("loss.name", config.loss),
        config.regularizers,
        config.terms,
        on,
        conditioning=conditioning,
        joined=classes if critic == "concatenation" else 0,
        images=len(spec.shape) == 3,
    )
    game, sampler = recipe.make(
        Parts(
            shape=spec.shape,
            classes=classes,
            batch_size=config.batch_size,
            latents=latents_of(config.latents, on) if recipe.latents else None,
            network=network,
            player=player,
            adversary=adversary,
            examples=examples_of(source.test),
            options=dict(config.get("options", {})),
            label=labels.get("generator", "none"),
        )
    )
    check(config, spec, modules)
    dynamics = DYNAMICS.make("dynamics.name", config.dynamics)
    game = dataclasses.replace(
        game,
        dynamics=dynamics.chosen(**config.dynamics),
        ema_decay=decay_of(config.batch_size, on),
        schedule=schedule_of(config.schedules.values(), knobs(config), config.steps),
        intervals=adversary.intervals(),
    )
    if any(section.frozen for section in config.optimizers.values()):
        jax.eval_shape(lambda: init_state(game, jax.random.key(0), knobs(config)))
    return game, sampler
