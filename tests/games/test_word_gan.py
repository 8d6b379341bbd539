"""The losses of the GAN of sentences by hand."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.data.forms import SENTENCES, Form
from ganjax.errors import BadInput
from ganjax.games.word_gan import word_gan
from tests.games.by_hand import Function, game, paid

FORM = Form(SENTENCES, ("a", "b"))
OPTIONS = {"likelihood_steps": 7, "relaxation": 1.0}
BATCH = {"data": np.array([[0, 1], [1, 1]], np.int32)}
KNOBS = {"options.relaxation": 1.0}


class Words(Function):
    """Draws "b b" for every latent. The logit of "a" is log 3 and of "b" 0."""

    def apply(self, variables, *inputs, train, mutable=(), method=None):
        n = len(inputs[0])
        if method == "logits":
            made = jnp.broadcast_to(jnp.array([math.log(3), 0.0]), (n, 2, 2))
        else:
            made = jnp.broadcast_to(jnp.array([0.0, 1.0]), (n, 2, 2))
        return (made, {}) if train else made


@pytest.fixture(scope="module")
def played():
    """The critic's logit is 5 times the number of "a"."""
    functions = {
        "generator": None,
        "discriminator": lambda x: 5 * x[..., 0].sum(1),
    }
    how = {"prior": 0.0, "shape": (2,), "form": FORM, "options": OPTIONS}
    made = game(word_gan, functions, **how)
    network = made.networks["generator"]
    object.__setattr__(network, "module", Words(None))
    return made


def test_likelihood_comes_first(played):
    assert {player.name: player.plays for player in played.players} == {
        "likelihood": (0, 7),
        "discriminator": (7, None),
        "generator": (7, None),
    }


def test_likelihood_by_hand(played):
    """p(a) = 3/4 and p(b) = 1/4; the four words are one a and three b."""
    loss, _, _ = paid(played, "likelihood", BATCH, knobs=KNOBS)
    expected = -(math.log(3 / 4) + 3 * math.log(1 / 4)) / 4
    np.testing.assert_allclose(loss, expected, rtol=1e-6)


def test_the_critic_sees_one_hot_words(played):
    """Real sentences have one a and no a: −(5 + 0)/2. Generated ones have none."""
    loss, _, _ = paid(played, "discriminator", BATCH, knobs=KNOBS)
    np.testing.assert_allclose(loss, -2.5, rtol=1e-6)
    loss, _, _ = paid(played, "generator", BATCH, knobs=KNOBS)
    assert loss == 0


def test_other_data_are_refused():
    with pytest.raises(BadInput, match="expected sentences"):
        game(word_gan, {}, prior=0.0, shape=(2,), options=OPTIONS)
