"""Training of a critic between two fixed distributions, without a generator."""

from collections.abc import Callable, Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from ganjax.core import (
    Game,
    Network,
    Player,
    averaged,
    compile_step,
    init_state,
    make_train_step,
    member,
    stack_members,
)
from ganjax.objectives import LOSSES, REGULARIZERS

CRITIC = "critic"

# (key, knobs) -> (real [D], fake [D])
Draw = Callable[[jax.Array, Mapping[str, jax.Array]], tuple[jax.Array, jax.Array]]


def critic_game(
    module: nn.Module,
    size: int,
    draw: Draw,
    *,
    loss: str,
    penalty: str = "",
    optimizer: Callable[[Mapping[str, jax.Array]], optax.GradientTransformation],
    batch_size: int = 256,
) -> Game:
    """Build a game with one player: a critic between real and fake points.

    A knob is a number that is data of the compiled step, so critics with different
    knobs can be trained in one program.

    Args:
      module: the critic, which maps points ``[n, size]`` to logits ``[n]``.
      size: numbers in a point.
      draw: returns one real and one fake point for a key and the knobs.
      loss: a name of ``LOSSES``.
      penalty: a name of ``REGULARIZERS``, or empty for no penalty. The knob ``weight``
        is the weight of the penalty.
      optimizer: returns the optimizer for the knobs.
      batch_size: real points in a batch; the batch has as many fake points.
    """
    price = LOSSES[loss].discriminator

    def objective(owned, view):
        keys = view.keys("points", batch_size)
        real, fake = jax.vmap(lambda key: draw(key, view.knobs))(keys)
        logits, view = view.update(CRITIC, jnp.concatenate([real, fake]))
        own = price(logits[:batch_size], logits[batch_size:])
        total = own
        if penalty:

            def critic(x):
                return view.apply(CRITIC, x)

            chosen = view.keys(penalty, batch_size)
            found = REGULARIZERS[penalty](critic, real, fake, chosen)
            total = own + view.knobs["weight"] * found
        return total, view.report(value=own)

    shape = jax.ShapeDtypeStruct((2, size), jnp.float32)
    return Game(
        networks={CRITIC: Network(module, (shape,))},
        players=(Player(CRITIC, (CRITIC,), objective, optimizer, reads_data=False),),
        ema=(CRITIC,),
        ema_decay=_decay,
    )


def _decay(knobs, step):
    # The decay is small at first, so that the average forgets the initial values.
    return jnp.minimum(0.999, (1.0 + step) / (10.0 + step))


def trained_critics(
    game: Game, knobs: list[dict[str, float]], *, steps: int, seed: int
) -> list[tuple[Any, Callable[[np.ndarray], np.ndarray]]]:
    """Train one critic for each setting of the knobs, all in one program.

    Args:
      game: the game of ``critic_game``.
      knobs: for each critic, a dict of the numbers in which the critics differ.
      steps: updates of each critic.
      seed: the same for all critics, so that they have the same initial values.

    Returns:
      For each critic ``(state, score)``. ``score`` maps points ``[n, D]`` to logits
        ``[n]`` and uses the averaged parameters.
    """
    states = [init_state(game, jax.random.key(seed), own) for own in knobs]
    step = make_train_step(game, batch=lambda data, key, step, axis: None)
    run = compile_step(step, inner_steps=steps, population="vmap")
    population, _ = run(stack_members(states), None)
    found = []
    for place in range(len(knobs)):
        state = member(population, place)
        found.append((state, _judging(game, state)))
    return found


def _judging(game, state):
    variables = averaged(game, state)[CRITIC]

    @jax.jit
    def score(x):
        return game.networks[CRITIC](variables, x)

    return lambda x: np.asarray(score(jnp.asarray(x, jnp.float32)))
