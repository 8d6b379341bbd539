"""Build what a config describes: networks and players, data, scores and schedules."""

import dataclasses

import jax
import jax.numpy as jnp
from ml_collections import ConfigDict

from ganjax.averages import decay_of
from ganjax.config import Choice, knobs
from ganjax.config.rules import check
from ganjax.core import DYNAMICS, Game, GameState, Network, Player, init_state
from ganjax.data import Feed, Source, examples_of, feed_of, source_of
from ganjax.evaluation import Evaluation, evaluation_of
from ganjax.games import Parts
from ganjax.latents import latents_of
from ganjax.model import Model, Sampler, Sampling
from ganjax.networks import module_of
from ganjax.networks.layers import MODULATIONS
from ganjax.objectives import adversary_of
from ganjax.optimizers import optimizer_of
from ganjax.options import read
from ganjax.schedules import schedule_of
from ganjax.training import Plan


@dataclasses.dataclass(frozen=True)
class Setup:
    """All parts of a run. ``plan`` holds the run's length, intervals and devices."""

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
        """Return the model that samples with the averaged networks of a state."""
        return Model(self.game, self.sampler, state, self.sampling)


def build(config: ConfigDict) -> Setup:
    """Build all parts of the run that a complete config describes.

    Raises:
      BadInput: if data cannot be read, or do not fit the networks or the devices.
    """
    source = source_of(config.data)
    game, sampler = build_game(config, source)
    plan = read(Plan, config).on_devices(config.packing, game.networks)
    return Setup(
        game=game, sampler=sampler, source=source, plan=plan,
        sampling=read(Sampling, config.sampling),
        seed=config.seed, knobs=knobs(config),
        feed=feed_of(config.data, source, plan.batch_size, game.rounds),
        evaluation=evaluation_of(config, game, sampler, source),
    )  # fmt: skip


def build_game(config: ConfigDict, source: Source) -> tuple[Game, Sampler]:
    """Return the game and its sampler, for data with ``source.spec``. Read no data.

    Raises:
      BadInput: for data or networks that do not fit the game.
    """
    spec, choice = source.spec, Choice(config)
    check(choice, spec)
    recipe, classes = choice.game, len(spec.classes)
    words = spec.vocabulary
    adversary = adversary_of(config, choice.on, classes, images=len(spec.shape) == 3)
    label = config.get("conditioning", {}).get("generator", "none")
    # How each kind of network takes a label that is not concatenated to its inputs.
    heads = {"discriminator": "class_logits" if recipe.classifies else adversary.head}
    if label in ("embedding", *MODULATIONS):
        heads["generator"] = label

    def network(name, *inputs, output=None, last=None):
        kind, dtype = recipe.networks[name], jnp.dtype(config.precision)
        filled_in = {"shape": output, "dtype": dtype, "vocabulary": words}
        if head := heads.get(kind):
            filled_in |= {"conditioning": head, "classes": classes}
        shapes = [jax.ShapeDtypeStruct((2, *x), jnp.float32) for x in inputs]
        shapes += [] if last is None else [last]
        section = config.networks[name]
        module = module_of(f"networks.{name}", section, kind, shapes, **filled_in)
        return Network(module, tuple(shapes))

    def player(name, owns, objective, *, reads_data=True):
        section, unrolled = config.optimizers[name], config.dynamics.name == "unrolled"
        optimizer = optimizer_of(name, section, choice.on, differentiated=unrolled)
        turns, apart = section.updates_per_step, adversary.apart(name, recipe.critics)
        return Player(name, owns, objective, optimizer, turns, reads_data, apart)

    parts = Parts(
        shape=spec.shape, classes=classes, batch_size=config.batch_size,
        latents=latents_of(config.latents, choice.on) if recipe.latents else None,
        network=network, player=player, adversary=adversary,
        examples=examples_of(lambda: source.test), label=label,
        options=dict(config.get("options", {})), captions=spec.captions, form=spec.form,
    )  # fmt: skip
    game, sampler = recipe.make(parts)
    dynamics = DYNAMICS.make("dynamics.name", config.dynamics)
    game = dataclasses.replace(
        game,
        dynamics=dynamics.chosen(**config.dynamics),
        ema_decay=decay_of(config.batch_size, choice.on),
        schedule=schedule_of(config.schedules.values(), choice.knobs, config.steps),
        intervals=adversary.intervals(),
        skips=config.on_nonfinite == "skip",
    )
    if any(section.frozen for section in config.optimizers.values()):
        jax.eval_shape(lambda: init_state(game, jax.random.key(0), knobs(config)))
    return game, sampler
