"""Losses compared with constants that were computed by hand."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.objectives import LOSSES, relabel

LN3 = math.log(3)  # σ(ln 3) = 3/4, σ(−ln 3) = 1/4
REAL = jnp.array([LN3, 0.0])  # D = 3/4, 1/2
FAKE = jnp.array([-LN3, 0.0])  # D = 1/4, 1/2


def log(x):
    return math.log(x)


BY_HAND = {
    # name: (discriminator, generator) at REAL and FAKE
    "minimax": (
        # −½[ln ¾ + ln ½] − ½[ln ¾ + ln ½]
        -(log(3 / 4) + log(1 / 2)),
        # ½[ln(1 − ¼) + ln(1 − ½)]: negative, and smaller when D is fooled
        (log(3 / 4) + log(1 / 2)) / 2,
    ),
    "non_saturating": (
        -(log(3 / 4) + log(1 / 2)),
        -(log(1 / 4) + log(1 / 2)) / 2,
    ),
    "least_squares": (
        ((LN3 - 1) ** 2 + 1) / 4 + LN3**2 / 4,
        ((LN3 + 1) ** 2 + 1) / 4,
    ),
    # the generator pays twice as much
    "least_squares_unhalved": (
        ((LN3 - 1) ** 2 + 1) / 4 + LN3**2 / 4,
        ((LN3 + 1) ** 2 + 1) / 2,
    ),
    "wasserstein": (-LN3, LN3 / 2),
    # real: max(0, 1 − ln 3) = 0 and 1; fake: max(0, 1 − ln 3) = 0 and 1
    "hinge": (1.0, LN3 / 2),
    # pairs differ by 2 ln 3 and by 0: σ(2 ln 3) = 9/10
    "relativistic_pairing": (
        -(log(9 / 10) + log(1 / 2)) / 2,
        -(log(1 / 10) + log(1 / 2)) / 2,
    ),
    # means ±½ ln 3; differences 3/2 ln 3 and ½ ln 3, alike for real and fake
    "relativistic_average": (
        log(1 + 3**-1.5) + log(1 + 3**-0.5),
        log(1 + 3**1.5) + log(1 + 3**0.5),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_values_by_hand(name):
    discriminator, generator = BY_HAND[name]
    loss = LOSSES[name]
    np.testing.assert_allclose(loss.discriminator(REAL, FAKE), discriminator, rtol=1e-6)
    np.testing.assert_allclose(loss.generator(REAL, FAKE), generator, rtol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_players_pull_logits_apart_and_together(name):
    """By gradient descent the discriminator raises real logits and lowers fake logits.
    The generator raises fake logits."""
    loss = LOSSES[name]
    real, fake = jnp.array([0.3, -0.2]), jnp.array([0.1, 0.4])
    on_real, on_fake = jax.grad(loss.discriminator, argnums=(0, 1))(real, fake)
    assert (on_real < 0).all() and (on_fake > 0).all()
    assert (jax.grad(loss.generator, argnums=1)(real, fake) < 0).all()


@pytest.mark.parametrize("name", ["minimax", "non_saturating"])
def test_extreme_logits_stay_finite(name):
    far = jnp.array([200.0, -200.0])
    loss = LOSSES[name]
    assert np.isfinite(loss.discriminator(far, far))
    assert np.isfinite(jax.grad(loss.generator, argnums=1)(far, far)).all()


def test_minimax_saturates_where_non_saturating_does_not():
    """At D(G(z)) = 1/10^4 the slopes are −D and −(1 − D). For this reason the 2014
    paper introduces the second loss."""
    logit = jnp.array([math.log(1e-4 / (1 - 1e-4))])

    def slope(name):
        return jax.grad(LOSSES[name].generator, argnums=1)(logit, logit)[0]

    np.testing.assert_allclose(slope("minimax"), -1e-4, rtol=1e-4)
    np.testing.assert_allclose(slope("non_saturating"), -(1 - 1e-4), rtol=1e-4)


def test_optimal_discriminator_of_the_2014_paper():
    """Where real and fake are equally likely, D = ½ is optimal and costs 2 ln 2."""
    x = jnp.zeros(5)
    loss = LOSSES["minimax"].discriminator
    np.testing.assert_allclose(loss(x, x), 2 * log(2), rtol=1e-6)
    np.testing.assert_allclose(
        jax.grad(lambda t: loss(x + t, x + t))(0.0), 0, atol=1e-7
    )


@pytest.mark.parametrize("name", ["relativistic_pairing", "relativistic_average"])
def test_relativistic_losses_ignore_a_common_shift(name):
    for side in (LOSSES[name].discriminator, LOSSES[name].generator):
        np.testing.assert_allclose(
            side(REAL + 5, FAKE + 5), side(REAL, FAKE), rtol=1e-5
        )


def test_one_sided_smoothing_moves_the_optimum():
    """With real labels 1 − s and no loss from fake samples, the best D(x) is 1 − s."""
    loss = relabel(LOSSES["non_saturating"], smoothing=0.1)
    best = jnp.array([math.log(0.9 / 0.1)])
    none = jnp.array([-200.0])
    slope = jax.grad(loss.discriminator)(best, none)
    np.testing.assert_allclose(slope, 0, atol=1e-6)
    on_fake = jax.grad(loss.discriminator, argnums=1)(best, jnp.array([0.0]))
    np.testing.assert_allclose(on_fake, 0.5, rtol=1e-6)  # fakes keep the label 0


def test_flipping_swaps_the_roles():
    ones = jnp.ones(2)
    for name in ("non_saturating", "least_squares", "hinge"):
        flipped = relabel(LOSSES[name], flip_real=ones, flip_fake=ones)
        np.testing.assert_allclose(
            flipped.discriminator(REAL, FAKE),
            LOSSES[name].discriminator(FAKE, REAL),
            rtol=1e-6,
        )
        assert flipped.generator is LOSSES[name].generator


def test_relativistic_losses_refuse_labels():
    with pytest.raises(ValueError, match="no labels"):
        relabel(LOSSES["relativistic_pairing"], smoothing=0.1)
