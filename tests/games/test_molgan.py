"""MolGAN's losses by hand."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.data.forms import MOLECULES, Form
from ganjax.data.molecule_arrays import encoded
from ganjax.errors import BadInput
from ganjax.games.molgan import molgan
from tests.games.by_hand import game, paid

FORM = Form(MOLECULES, ("C", "F"), valences=(4, 1))
# C–C is valid, F=F is not.
GOOD = encoded(np.array([[1, 1]]), np.array([[[0, 1], [1, 0]]]), 3)
BAD = encoded(np.array([[2, 2]]), np.array([[[0, 2], [2, 0]]]), 3)
BATCH = {"data": np.concatenate([GOOD, GOOD])}


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def play(balanced):
    """Generated molecules are a good and a bad one. The critic's logit is 3 for carbon
    and 1 for fluorine. The reward's logit is 1 for carbon and 0 for fluorine."""
    functions = {
        "generator": lambda z: jnp.concatenate([GOOD, BAD]),
        "discriminator": lambda x: 3 * x[:, 0, 1] + x[:, 0, 2],
        "reward": lambda x: x[:, 0, 1],
    }
    how = {"shape": (2, 11), "form": FORM, "options": {"balanced": balanced}}
    return game(molgan, functions, prior=0.0, **how)


@pytest.fixture(scope="module")
def played():
    return play(balanced=True)


def test_the_reward_network_learns_which_molecules_are_valid(played):
    """R̂ is σ(1) for the two real molecules, which are valid, and σ(1), σ(0) for the
    generated ones, of which the first is valid."""
    loss, _, _ = paid(played, "reward", BATCH)
    real = (sigmoid(1) - 1) ** 2
    fake = ((sigmoid(1) - 1) ** 2 + (sigmoid(0) - 0) ** 2) / 2
    np.testing.assert_allclose(loss, real + fake, rtol=1e-6)


@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_the_generator_shares_its_loss(played, weight):
    """The Wasserstein loss is −(3 + 1)/2 = −2, and α·R̂ = 2 by the definition of α, so
    the loss is −2·(1 − w) − 2·w."""
    loss, metrics, _ = paid(
        played, "generator", BATCH, knobs={"weights.reward": weight}
    )
    np.testing.assert_allclose(loss, -2, rtol=1e-6)
    np.testing.assert_allclose(metrics["adversarial"], -2, rtol=1e-6)
    np.testing.assert_allclose(metrics["valid"], 0.5)
    expected = (sigmoid(1) + sigmoid(0)) / 2
    np.testing.assert_allclose(metrics["reward"], expected, rtol=1e-6)


def test_a_reward_of_constant_scale():
    """The mean reward is (σ(1) + σ(0))/2."""
    loss, _, _ = paid(
        play(balanced=False), "generator", BATCH, knobs={"weights.reward": 0.25}
    )
    reward = (sigmoid(1) + sigmoid(0)) / 2
    np.testing.assert_allclose(loss, -2 * 0.75 - 0.25 * reward, rtol=1e-6)


def test_the_critic_compares_real_with_generated_molecules(played):
    loss, _, _ = paid(played, "discriminator", BATCH)
    np.testing.assert_allclose(loss, 2 - 3, rtol=1e-6)


def test_other_data_are_refused():
    with pytest.raises(BadInput, match="expected molecules"):
        game(molgan, {}, prior=0.0, shape=(2,))
