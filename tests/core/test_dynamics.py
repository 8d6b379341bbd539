"""Joint dynamics on the Dirac-GAN and on the bilinear game θψ, where all of them have a
closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ganjax.core import (
    DYNAMICS,
    Game,
    Network,
    Player,
    compile_step,
    init_state,
    make_train_step,
)
from ganjax.objectives import LOSSES
from ganjax.optimizers import OPTIMIZERS

RATE = 0.1


class Scalar:
    """A network that is one number."""

    def __init__(self, start):
        self.start = start

    def init(self, key, *, train):
        return {"params": {"w": jnp.asarray(self.start)}}

    def apply(self, variables, *, train, mutable=()):
        w = variables["params"]["w"]
        return (w, {}) if train else w


def game(objectives, dynamics, optimizer=lambda knobs: optax.sgd(RATE)):
    """Two players, first ψ and then θ. Each owns one number, which begins at 1."""

    def objective(loss):
        def played(owned, view):
            psi, theta = view.apply("critic"), view.apply("maker")
            return loss(psi, theta), view.report()

        return played

    return Game(
        networks={
            "critic": Network(Scalar(1.0), ()),
            "maker": Network(Scalar(1.0), ()),
        },
        players=tuple(
            Player(name, (name,), objective(loss), optimizer, reads_data=False)
            for name, loss in zip(("critic", "maker"), objectives, strict=True)
        ),
        ema=(),
        dynamics=dynamics,
    )


def bilinear(dynamics, **options):
    """The game min over θ, max over ψ of θψ."""
    return game(
        (lambda psi, theta: -theta * psi, lambda psi, theta: theta * psi),
        dynamics,
        **options,
    )


def play(played, steps=1, **knobs):
    step = make_train_step(played, batch=lambda data, key, step, axis: None)
    compiled = compile_step(step, inner_steps=steps)
    state, metrics = compiled(init_state(played, jax.random.key(0), knobs), ())
    place = [float(state.params[name]["w"]) for name in ("critic", "maker")]
    return np.array(place), state, metrics


def squared_radius(place):
    return np.sum(place**2)


def test_simultaneous_descent_leaves_by_its_rate():
    """Each step multiplies |z|² by 1 + η²."""
    place, _, _ = play(bilinear(DYNAMICS["simultaneous"].chosen()), 20)
    np.testing.assert_allclose(squared_radius(place), 2 * 1.01**20, rtol=1e-5)


def test_extragradient_contracts_by_its_factor():
    """A step is z − ηF(z − ηF(z)), where F turns z by 90°. It multiplies |z|² by
    (1 − η²)² + η²."""
    place, state, _ = play(bilinear(DYNAMICS["extragradient"].chosen()), 20)
    factor = (1 - RATE**2) ** 2 + RATE**2
    np.testing.assert_allclose(squared_radius(place), 2 * factor**20, rtol=1e-5)


def test_the_step_ahead_leaves_the_optimizers_alone():
    """Adam counts one update per step, although a step calls it twice."""
    optimizer = {"learning_rate": 0.1, "b1": 0.5, "b2": 0.9}
    played = bilinear(
        DYNAMICS["extragradient"].chosen(),
        optimizer=lambda knobs: OPTIMIZERS["adam"](optimizer),
    )
    _, state, _ = play(played)
    assert int(state.optimizer["critic"][0].count) == 1


def test_consensus_contracts_by_its_factor():
    """½‖v‖² is ½|z|², so z moves by −ηF(z) − ηγz. A step multiplies |z|² by
    (1 − ηγ)² + η²."""
    strength = 0.5
    played = bilinear(DYNAMICS["consensus"].chosen())
    place, _, _ = play(played, 20, **{"dynamics.strength": strength})
    factor = (1 - RATE * strength) ** 2 + RATE**2
    np.testing.assert_allclose(squared_radius(place), 2 * factor**20, rtol=1e-5)


@pytest.mark.parametrize("steps", [1, 3])
def test_the_maker_looks_through_the_critics_updates(steps):
    """After k updates the critic is at ψ + kηθ. The maker's loss is then θψ + kηθ²,
    with the slope ψ + 2kηθ. The critic itself still moves by ηθ."""
    place, _, metrics = play(bilinear(DYNAMICS["unrolled"].chosen(steps=steps)))
    slope = 1 + 2 * steps * RATE
    np.testing.assert_allclose(place, [1 + RATE, 1 - RATE * slope], rtol=1e-6)
    np.testing.assert_allclose(metrics["maker/loss"], 1 + steps * RATE, rtol=1e-6)


def test_updates_of_adam_are_looked_through_where_a_gradient_is_zero():
    """The critic's gradient is 0, where the square root in Adam has no derivative."""
    scalars = {"learning_rate": 0.1, "b1": 0.5, "b2": 0.9, "eps_root": 1e-24}
    played = game(
        (lambda psi, theta: -0.0 * theta * psi, lambda psi, theta: theta * psi),
        DYNAMICS["unrolled"].chosen(steps=2),
        optimizer=lambda knobs: OPTIMIZERS["adam"](scalars),
    )
    place, _, _ = play(played)
    assert np.isfinite(place).all()


def test_optimism_converges_where_descent_does_not():
    """Optimism descends along twice the gradient minus the previous gradient
    (Daskalakis et al. 2018, theorem 1)."""
    scalars = {"learning_rate": RATE, "b1": 0.0, "b2": 0.9}
    for name in ("optimistic_sgd", "sgd"):
        played = bilinear(
            DYNAMICS["simultaneous"].chosen(),
            optimizer=lambda knobs, name=name: OPTIMIZERS[name](scalars),
        )
        place, _, _ = play(played, 500)
        assert (squared_radius(place) < 0.05) == (name == "optimistic_sgd")


def dirac_field(loss, theta, psi):
    """Gradients on the Dirac-GAN with data at 0: ∂/∂ψ of the discriminator's loss and
    ∂/∂θ of the generator's loss."""
    real = jnp.zeros(1)

    def discriminator(psi):
        return LOSSES[loss].discriminator(real * psi, theta[None] * psi)

    def generator(theta):
        return LOSSES[loss].generator(real * psi, theta[None] * psi)

    return jax.grad(discriminator)(psi), jax.grad(generator)(theta)


@pytest.mark.parametrize("theta, psi", [(1.0, 1.0), (-0.3, 2.0), (0.7, -1.5)])
def test_relativistic_and_separable_losses_have_one_field_on_the_dirac_gan(theta, psi):
    """The only real logit is 0, so subtracting it changes no logit."""
    place = jnp.asarray(theta), jnp.asarray(psi)
    np.testing.assert_allclose(
        dirac_field("relativistic_pairing", *place),
        dirac_field("non_saturating", *place),
        rtol=1e-6,
    )
