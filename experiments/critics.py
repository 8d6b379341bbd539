"""A critic alone, between two distributions that do not learn."""

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
    """A game of one player, who tells real points of ``size`` numbers from fake ones.

    Args:
      penalty: of ``REGULARIZERS``, weighed by the knob ``weight``.
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
    # A short memory at first, so that the average is not of the initial values.
    return jnp.minimum(0.999, (1.0 + step) / (10.0 + step))


def trained_critics(
    game: Game, knobs: list[dict[str, float]], *, steps: int, seed: int
) -> list[tuple[Any, Callable[[np.ndarray], np.ndarray]]]:
    """One critic for each setting of the knobs, all from the same initial values, as
    one population; ``(state, x [n, D] -> logits [n])`` with averaged parameters."""
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
    def judge(x):
        return game.networks[CRITIC](variables, x)

    return lambda x: np.asarray(judge(jnp.asarray(x, jnp.float32)))
