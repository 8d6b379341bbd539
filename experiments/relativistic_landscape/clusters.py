"""Two clusters on the line, with data points and latents that stay fixed in training.

Source: Sun, Fang and Schwing 2020, arXiv 2011.04926, section 5.
"""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from ganjax.core import (
    Game,
    Network,
    Player,
    compile_step,
    init_state,
    make_train_step,
    stack_members,
)
from ganjax.objectives import LOSSES

POINTS = 100  # number of data points (half of them in each cluster) and of latents
CENTRES, WIDTH = (0.0, 4.0), 0.3
# A point is in a cluster if it is closer than this to the cluster's lower end, as in
# the authors' code.
REACH = 0.36
TURNS = 10  # updates of each network in a step


class _Network(nn.Module):
    """A network from one number to one number, initialised like torch's layers."""

    width: int
    activation: Callable
    mixes_samples = False

    @nn.compact
    def __call__(self, x, *, train):
        for width in (self.width, self.width, 1):
            bound = x.shape[-1] ** -0.5

            def uniform(key, shape, dtype, bound=bound):
                return jax.random.uniform(key, shape, dtype, -bound, bound)

            x = nn.Dense(width, kernel_init=uniform, bias_init=uniform)(x)
            if width > 1:
                x = self.activation(x)
        return x


def cluster_game(loss: str) -> Game:
    """Build the game between a generator and a discriminator on the two clusters. In
    each step, the discriminator has ten updates, and then the generator has ten.

    A relativistic loss pairs the same data points and latents in every step.

    Args:
      loss: a name of ``LOSSES``.
    """
    price = LOSSES[loss]

    def scores(view):
        fake = view.apply("generator", view.memory["latents"])
        judged = view.apply(
            "discriminator", jnp.concatenate([view.memory["points"], fake])
        )[:, 0]
        return judged[:POINTS], judged[POINTS:], fake

    def tells(owned, view):
        real, fake, _ = scores(view)
        return price.discriminator(real, fake), view.report()

    def generates(owned, view):
        real, fake, x = scores(view)
        inside = [jnp.mean(abs(x - centre) < REACH) for centre in CENTRES]
        return price.generator(real, fake), view.report(lesser=jnp.minimum(*inside))

    def points(key):
        where, latents = (
            jax.random.uniform(key, (POINTS, 1)) for key in jax.random.split(key)
        )
        centres = jnp.array(CENTRES)[jnp.arange(POINTS) % 2, None]
        return {"points": centres + WIDTH * where, "latents": 10 * latents - 5}

    def descent(knobs):
        return optax.sgd(0.01, momentum=0.9)

    one = jax.ShapeDtypeStruct((2, 1), jnp.float32)
    return Game(
        networks={
            "generator": Network(_Network(5, jnp.tanh), (one,)),
            "discriminator": Network(_Network(10, nn.sigmoid), (one,)),
        },
        players=tuple(
            Player(
                name,
                (name,),
                objective,
                descent,
                updates_per_step=TURNS,
                reads_data=False,
            )
            for name, objective in (("discriminator", tells), ("generator", generates))
        ),
        ema=(),
        memory=points,
    )


def lesser_shares(loss: str, seeds: range, steps: int) -> np.ndarray:
    """Train one game for each seed. Return the share of generated points in the cluster
    that has fewer of them.

    All seeds run in one program. The share is taken at the last generator update of
    each step.

    Returns:
      ``[seeds, steps]``.
    """
    game = cluster_game(loss)
    states = [init_state(game, jax.random.key(seed), {}) for seed in seeds]
    step = make_train_step(game, batch=lambda data, key, step, axis: None)
    run = compile_step(step, inner_steps=steps, population="vmap")
    _, metrics = run(stack_members(states), None)
    return np.asarray(metrics["generator/lesser"])
