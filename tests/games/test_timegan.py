"""TimeGAN's losses by hand, and its phases."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.games.timegan import timegan
from tests.games.by_hand import game, paid

OPTIONS = {"hidden": 1, "embedding_steps": 10, "supervised_steps": 5}
KNOBS = {
    "weights.reconstruction": 10.0,
    "weights.dynamics": 0.1,
    "weights.supervised": 100.0,
    "weights.moments": 100.0,
    "weights.intermediate": 0.5,
}
# Two series of three steps and one variable.
X = np.array([[0.0, 1, 2], [2.0, 3, 4]], np.float32)[..., None]
BATCH = {"data": X}


@pytest.fixture(scope="module")
def played():
    """h = 2x; r(h) = h/2 + 1, so x is missed by 1. s(h) = h + 2 predicts the next step
    exactly, because x rises by 1. ê is 1 and 3 for the two samples, at each step."""
    made = jnp.broadcast_to(jnp.array([1.0, 3.0]).reshape(2, 1, 1), (2, 3, 1))
    functions = {
        "embedder": lambda x: 2 * x,
        "recovery": lambda h: h / 2 + 1,
        "generator": lambda z: made,
        "supervisor": lambda h: h + 2,
        "discriminator": lambda h: h[..., 0],
    }
    return game(timegan, functions, prior=0.0, shape=(3, 1), options=OPTIONS)


def test_the_phases_are_a_schedule(played):
    assert {player.name: player.plays for player in played.players} == {
        "autoencoder": (0, 10),
        "supervisor": (10, 15),
        "generator": (15, None),
        "embedder": (15, None),
        "discriminator": (15, None),
    }


def test_reconstruction_is_a_root(played):
    loss, metrics, _ = paid(played, "autoencoder", BATCH, knobs=KNOBS)
    np.testing.assert_allclose(loss, 10 * 1, rtol=1e-6)
    np.testing.assert_allclose(metrics["reconstruction"], 1, rtol=1e-6)


def test_the_supervisor_predicts_the_next_step(played):
    """With h = 2x the next step is 2 more. Series that rise by 2 are missed by 2."""
    loss, _, _ = paid(played, "supervisor", BATCH, knobs=KNOBS)
    assert loss == 0
    loss, _, _ = paid(played, "supervisor", {"data": 2 * X}, knobs=KNOBS)
    np.testing.assert_allclose(loss, 2**2, rtol=1e-6)


def test_the_embedder_also_wants_a_predictable_series(played):
    loss, _, _ = paid(played, "embedder", {"data": 2 * X}, knobs=KNOBS)
    np.testing.assert_allclose(loss, 10 * 1 + 0.1 * 4, rtol=1e-6)


def test_the_generator_by_hand(played):
    """ê = 1, 3 and ĥ = 3, 5, so the Wasserstein losses are −4 and −2. The next step is
    missed by 2, whose root weighs 100. x̂ = ĥ/2 + 1 = 2.5, 3.5 has the mean 3 and the
    deviation ½ at each step; x has the means 2, 4, 6 and the deviation 2."""
    loss, metrics, _ = paid(played, "generator", {"data": 2 * X}, knobs=KNOBS)
    deviations = abs(math.sqrt(0.25 + 1e-6) - math.sqrt(4 + 1e-6))
    means = (abs(3 - 2) + abs(3 - 4) + abs(3 - 6)) / 3
    np.testing.assert_allclose(metrics["moments"], deviations + means, rtol=1e-5)
    expected = -4 + 0.5 * -2 + 100 * 2 + 100 * (deviations + means)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_the_discriminator_by_hand(played):
    """The mean of h is 2·2 = 4, of ĥ 4, and of ê 2."""
    loss, _, _ = paid(played, "discriminator", BATCH, knobs=KNOBS)
    np.testing.assert_allclose(loss, -4 + 4 + 0.5 * 2, rtol=1e-6)


def test_images_are_refused():
    with pytest.raises(BadInput, match="expected time series"):
        game(timegan, {}, prior=0.0, shape=(8, 8, 1), options=OPTIONS)
