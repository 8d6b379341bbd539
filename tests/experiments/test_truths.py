"""Reference values of the experiments, compared with independent values."""

import math

import jax
import numpy as np
import optax
import pytest

from experiments.critics import critic_game, trained_critics
from experiments.dirac_gan import derived as multipliers
from experiments.dirac_gan.game import METHODS, STEP_SIZE, trajectory
from experiments.metric_truths import expected_coverage
from experiments.relativistic_landscape import best_value
from experiments.relativistic_landscape.clusters import cluster_game
from experiments.stacked_digits import expected_modes
from experiments.wasserstein_duality import derived as biased_distance
from ganjax.core import compile_step, init_state, make_train_step
from ganjax.networks import mlp


def sigmoid(t):
    return 1 / (1 + math.exp(-t))


@pytest.mark.parametrize(
    "method, direction",
    [
        # v = (−ψ f′(ψθ), θ f′(ψθ)) at (1, 1), f′(t) = σ(−t): section 2 of the paper
        ("gan", (-sigmoid(-1), sigmoid(-1))),
        ("nsgan", (-sigmoid(1), sigmoid(-1))),
        ("gradient_penalty", (-sigmoid(-1), sigmoid(-1) - 0.3)),
        ("wgan_gp", (-1.0, 1.0)),
    ],
)
def test_the_first_step_of_the_dirac_gan(method, direction):
    start, moved = trajectory(method, "simultaneous", 1, seed=0)
    np.testing.assert_array_equal(start, [1, 1])
    np.testing.assert_allclose(
        (moved - start) / STEP_SIZE, direction, rtol=1e-7, atol=1e-9
    )


def test_a_clipped_critic_stays_at_its_bound():
    assert METHODS["wgan"].clip == 1
    _, moved = trajectory("wgan", "simultaneous", 1, seed=0)
    np.testing.assert_allclose(moved, [1 - STEP_SIZE, 1], rtol=1e-9)


def test_multipliers_of_the_dirac_gan():
    """Without a penalty the multipliers have the modulus |1 + ih/2| > 1. At γ = 1 both
    eigenvalues are −1/2."""
    for modulus, _ in multipliers(0.0):
        assert math.isclose(modulus, math.sqrt(1 + STEP_SIZE**2 / 4))
    np.testing.assert_allclose(multipliers(1.0), [[0.9, 0], [0.9, 0]], atol=1e-12)


def test_values_of_the_two_point_landscape():
    """If both generated points lie on one data point, D is 1/3 there and 1 at the other
    data point. Generated points off the data are recognised with certainty."""
    collapsed = (math.log(1 / 3) + 2 * math.log(2 / 3)) / 2
    for places, value in (
        ((0, 1), -math.log(4)),
        ((0, 0), collapsed),
        ((0, -1), -math.log(2)),
        ((-1, -1), 0.0),
    ):
        assert math.isclose(best_value("minimax", 2, places), value, abs_tol=1e-3)
    for places, value in (((0, 1), -math.log(2)), ((1, 0), -math.log(2)),
                          ((0, 0), -math.log(2) / 2), ((-1, -1), 0.0)):  # fmt: skip
        found = best_value("relativistic_pairing", 2, places)
        assert math.isclose(found, value, abs_tol=1e-3)


def test_clusters_stay_as_they_were_drawn():
    game = cluster_game("relativistic_pairing")
    state = init_state(game, jax.random.key(3), {})
    before = {name: np.array(x)[:, 0] for name, x in state.memory.items()}
    step = make_train_step(game, batch=lambda data, key, step, axis: None)
    state, _ = compile_step(step, inner_steps=2)(state, None)
    points, latents = before["points"], before["latents"]
    assert ((points >= 0) & (points <= 0.3)).sum() == 50
    assert ((points >= 4) & (points <= 4.3)).sum() == 50
    assert -5 <= latents.min() < -4 and 4 < latents.max() <= 5
    for name, x in before.items():
        np.testing.assert_array_equal(state.memory[name][:, 0], x)


def test_distances_of_gaussians():
    """The distance of a shift is its length. From N(0, 1) to N(0, σ²) each quantile q
    moves by (σ − 1) q."""
    shifted, excess = biased_distance(1.5, 1.0)
    assert math.isclose(shifted, 1.5, rel_tol=1e-6) and excess > 0
    widened, _ = biased_distance(0.0, 3.0)
    assert math.isclose(widened, 2 * math.sqrt(2 / math.pi), rel_tol=1e-4)


def test_a_linear_critic_finds_the_slope_that_its_penalty_allows():
    """The loss −s·θ + λ(s − 1)² has its minimum at the slope s = 1 + θ/(2λ). The critic
    must begin with a slope of the right sign."""

    def draw(key, knobs):
        x, y = jax.random.normal(key, (2, 1))
        return x, y + knobs["theta"]

    game = critic_game(
        mlp.Discriminator(widths=()),
        1,
        draw,
        loss="wasserstein",
        penalty="wgan_gp",
        optimizer=lambda knobs: optax.adam(1e-2),
    )
    knobs = [{"theta": theta, "weight": 2.0} for theta in (1.0, 2.0)]
    for own, (_, score) in zip(
        knobs, trained_critics(game, knobs, steps=1500, seed=0), strict=True
    ):
        low, high = score(np.array([[0.0], [1.0]]))
        assert math.isclose(low - high, 1 + own["theta"] / 4, rel_tol=0.1)


def test_what_so_many_samples_meet():
    assert math.isclose(expected_coverage(2, 2, 1), 2 / 3)
    assert math.isclose(expected_modes(1), 1.0)
    assert math.isclose(expected_modes(2), 2 - 1e-3)
