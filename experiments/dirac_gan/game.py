"""The Dirac-GAN with each training method of Mescheder et al. 2018, in float64."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from ganjax.core import (
    DYNAMICS,
    Game,
    Network,
    Player,
    compile_step,
    init_state,
    make_train_step,
)
from ganjax.objectives import LOSSES, REGULARIZERS
from ganjax.optimizers import clip_weights

STEP_SIZE = 0.2
DRAWS = 1000  # samples of instance noise in a step


@dataclasses.dataclass(frozen=True)
class Method:
    """A training method of the paper's figure.

    Attributes:
      loss: a name of ``LOSSES``.
      penalty: the discriminator's penalty, a name of ``REGULARIZERS``, or empty.
      weight: the weight of the penalty.
      noise: standard deviation of instance noise.
      clip: bound on the discriminator's weight after each update; 0 for none.
      consensus: the paper's γ of consensus optimisation.
    """

    loss: str
    penalty: str = ""
    weight: float = 0.0
    noise: float = 0.0
    clip: float = 0.0
    consensus: float = 0.0


METHODS = {
    "gan": Method("minimax"),
    "nsgan": Method("non_saturating"),
    "wgan": Method("wasserstein", clip=1.0),
    # Our penalty is (|ψ| − 1)². Its derivative has a factor 2.
    "wgan_gp": Method("wasserstein", penalty="wgan_gp", weight=0.35),
    "consensus": Method("minimax", consensus=1.0),
    "instance_noise": Method("minimax", noise=0.7),
    "gradient_penalty": Method("minimax", penalty="r1", weight=0.3),
    "gradient_penalty_critical": Method("minimax", penalty="r1", weight=1.0),
    "nsgan_gradient_penalty": Method("non_saturating", penalty="r1", weight=0.3),
}
ORDERS = {"simultaneous": 1, "alternating_1": 1, "alternating_5": 5}


class _Point(nn.Module):
    """The generator. Every sample is θ."""

    @nn.compact
    def __call__(self, z, *, train):
        theta = self.param("theta", nn.initializers.constant(1.0), (), jnp.float64)
        return jnp.broadcast_to(theta, (z.shape[0], 1))


class _Slope(nn.Module):
    """The discriminator, with logit −ψx.

    The paper's discriminator ψx is large on generated data. Losses of ganjax expect
    logits that are large on real data, so the sign is reversed.
    """

    @nn.compact
    def __call__(self, x, *, train):
        psi = self.param("psi", nn.initializers.constant(1.0), (), jnp.float64)
        return -psi * x[:, 0]


def dirac_game(method: Method, order: str) -> Game:
    """Build the game of a method. Real data are 0, and the generator moves first.

    Args:
      method: one of ``METHODS``.
      order: a name of ``ORDERS``.
    """
    loss = LOSSES[method.loss]

    def context(view, params):
        view = dataclasses.replace(view, params=params)
        count = DRAWS if method.noise else 1
        fake = view.apply("generator", jnp.zeros((count, 1)))
        real = jnp.zeros_like(fake)
        if method.noise:

            def noise(name):
                keys = view.keys(name, count)
                draw = jax.vmap(lambda key: jax.random.normal(key, (1,), jnp.float64))
                return method.noise * draw(keys)

            real, fake = real + noise("real"), fake + noise("fake")
        return real, fake, lambda x: view.apply("discriminator", x)

    def price(player, view, params):
        real, fake, critic = context(view, params)
        if player == "generator":
            return loss.generator(critic(real), critic(fake))
        price = loss.discriminator(critic(real), critic(fake))
        if method.penalty:
            keys = view.keys(method.penalty, len(real))
            penalty = REGULARIZERS[method.penalty](critic, real, fake, keys)
            price = price + method.weight * penalty
        return price

    def unrest(view):
        """Return ½‖v‖². v holds each player's gradient by its own parameters."""
        norms = 0.0
        for player in ("generator", "discriminator"):

            def own(params, player=player):
                return price(player, view, {**view.params, player: params})

            slope = jax.grad(own)(view.params[player])
            norms = norms + optax.tree.norm(slope, squared=True)
        return 0.5 * norms

    def objective(player):
        def play(owned, view):
            value = price(player, view, view.params)
            # With alternating updates each player adds its share of the joint term.
            if method.consensus and order != "simultaneous":
                value = value + method.consensus * unrest(view)
            position = {
                "theta": view.params["generator"]["theta"],
                "psi": view.params["discriminator"]["psi"],
            }
            return value, view.report(**position)

        return play

    def descent(knobs):
        return optax.sgd(STEP_SIZE)

    def discriminator_descent(knobs):
        return (
            clip_weights(descent(knobs), method.clip) if method.clip else descent(knobs)
        )

    dynamics = None
    if order == "simultaneous":
        name = "consensus" if method.consensus else "simultaneous"
        dynamics = DYNAMICS[name].chosen()
    one = jax.ShapeDtypeStruct((1, 1), jnp.float64)
    return Game(
        networks={
            "generator": Network(_Point(), (one,)),
            "discriminator": Network(_Slope(), (one,)),
        },
        players=(
            Player(
                "generator",
                ("generator",),
                objective("generator"),
                descent,
                reads_data=False,
            ),
            Player(
                "discriminator",
                ("discriminator",),
                objective("discriminator"),
                discriminator_descent,
                updates_per_step=ORDERS[order],
                reads_data=False,
            ),
        ),
        ema=(),
        dynamics=dynamics,
    )


def trajectory(method: str, order: str, steps: int, seed: int) -> np.ndarray:
    """Train a Dirac-GAN. Return (θ, ψ), the parameters of generator and discriminator,
    before the first step and after each step.

    Args:
      method: a name of ``METHODS``.
      order: a name of ``ORDERS``.
      steps: the number of steps.
      seed: the seed of instance noise.

    Returns:
      float64 ``[steps + 1, 2]``.
    """
    with jax.enable_x64(True):
        chosen = METHODS[method]
        game = dirac_game(chosen, order)
        knobs = {"dynamics.strength": chosen.consensus}
        state = init_state(game, jax.random.key(seed), knobs)
        step = make_train_step(game, batch=lambda data, key, step, axis: None)
        run = compile_step(step, inner_steps=steps)
        state, metrics = run(state, None)
        path = np.stack([metrics["generator/theta"], metrics["generator/psi"]], axis=1)
        last = [
            state.params["generator"]["theta"],
            state.params["discriminator"]["psi"],
        ]
    return np.concatenate([path, np.asarray(last)[None]])
