"""Losses of CTGAN, calculated by hand.

A row has a place, two modes and two categories. The latent is 3, and the generator
ignores it: its logits are 0.5 for the place, 1 and −1 for the modes, and z + c for the
categories, where c is the condition. The critic's logit is the sum of its input.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.data.tables.columns import Column
from ganjax.data.tables.encoding import Encoded, TableFormat
from ganjax.errors import BadInput
from ganjax.games.ctgan import activated, condition_price, ctgan, hard
from tests import tiny
from tests.games.by_hand import made, paid

FORM = TableFormat(
    (
        Encoded(Column("age", "number", (), 0, 9), ((2.0, 4.0), (6.0, 4.0)), (1, 1)),
        Encoded(Column("sex", "category", ("F", "M")), counts=(3, 1)),
    )
)
CONDITION = np.array([[1, 0], [0, 1]], np.float32)
REAL = np.array([[0.1, 1, 0, 1, 0], [-0.2, 0, 1, 0, 1]], np.float32)
BATCH = {"data": REAL, "condition": CONDITION}
NO_NOISE = np.zeros((2, 5), np.float32)
FUNCTIONS = {
    "generator": lambda x: jnp.concatenate(
        [
            jnp.full((len(x), 1), 0.5),
            jnp.broadcast_to(jnp.array([[1.0, -1.0]]), (len(x), 2)),
            x[:, :1] + x[:, 1:],
        ],
        axis=1,
    ),
    "discriminator": lambda x: x.sum(1),
}


def game_and_sampler():
    return made(
        ctgan,
        FUNCTIONS,
        prior=3.0,
        shape=(5,),
        options={"temperature": 0.2},
        form=FORM,
    )


def softmax(x):
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def test_the_activation_by_hand():
    """Temperature 0.2 multiplies logits and noise by 5."""
    logits = np.array([[0.5, 1, -1, 0.2, 0.1]], np.float32)
    noise = np.array([[9, 0.3, 0.1, -0.1, 0.4]], np.float32)
    found = activated(FORM, logits, noise, 0.2)
    np.testing.assert_allclose(found[0, 0], np.tanh(0.5), rtol=1e-6)
    np.testing.assert_allclose(found[0, 1:3], softmax(5 * np.array([1.3, -0.9])), 1e-5)
    np.testing.assert_allclose(found[0, 3:], softmax(5 * np.array([0.1, 0.5])), 1e-5)
    np.testing.assert_allclose(
        hard(FORM, logits, noise)[0], [np.tanh(0.5), 1, 0, 0, 1], rtol=1e-6
    )


def test_samples_have_the_probabilities_of_the_softmax():
    """The argument of the maximum of logits with Gumbel noise has the softmax's
    probabilities (Maddison et al. 2017)."""
    logits = jnp.tile(jnp.array([[0.0, 0, 0, 1.0, -0.5]]), (4000, 1))
    noise = jax.random.gumbel(jax.random.key(0), (4000, 5))
    share = np.asarray(hard(FORM, logits, noise))[:, 4].mean()
    p = softmax(np.array([1.0, -0.5]))[1]
    assert abs(share - p) < 4 * np.sqrt(p * (1 - p) / 4000)


def test_the_price_of_a_condition_by_hand():
    """The logits of the two categories are 4 and 3, then 3 and 4, and the condition is
    always the larger one: −log(e⁴ / (e⁴ + e³)) = log(1 + 1/e)."""
    logits = FUNCTIONS["generator"](
        jnp.concatenate([np.full((2, 1), 3.0), CONDITION], 1)
    )
    price = condition_price(FORM, logits, CONDITION)
    np.testing.assert_allclose(price, np.log(1 + np.exp(-1)), rtol=1e-6)
    np.testing.assert_allclose(
        condition_price(FORM, logits, CONDITION[::-1]), 1 + np.log(1 + np.exp(-1)), 1e-6
    )


def test_losses_by_hand():
    """With the Wasserstein loss the critic pays −Σ real + Σ fake. Each span of one-hot
    numbers and each condition has the sum 1, so only the places differ."""
    game = game_and_sampler()[0]
    drawn = {"gumbel": NO_NOISE}
    loss, metrics, _ = paid(game, "discriminator", BATCH, drawn=drawn)
    np.testing.assert_allclose(loss, np.tanh(0.5) - (0.1 - 0.2) / 2, rtol=1e-5)
    np.testing.assert_allclose(metrics["real_logit"], 3 - 0.05, rtol=1e-6)
    knobs = {"weights.condition": 2.0}
    loss, metrics, _ = paid(game, "generator", BATCH, drawn=drawn, knobs=knobs)
    price = np.log(1 + np.exp(-1))
    np.testing.assert_allclose(metrics["condition"], price, rtol=1e-6)
    np.testing.assert_allclose(loss, -(3 + np.tanh(0.5)) + 2 * price, rtol=1e-5)


def test_a_sample_depends_on_its_latent_alone():
    sampler = game_and_sampler()[1]
    keys = jax.random.split(jax.random.key(0), 6)
    z = sampler.draw(keys)
    assert z.shape == (6, 1 + 5 + 2)
    np.testing.assert_array_equal(z[:, 0], 3)
    np.testing.assert_array_equal(np.sort(z[:, 6:], 1), np.tile([0, 1], (6, 1)))

    def apply(network, *inputs):
        return FUNCTIONS[network](*inputs)

    rows = sampler.decode(apply, z, None)
    np.testing.assert_allclose(rows[:, 0], np.tanh(0.5), rtol=1e-6)
    np.testing.assert_array_equal(rows[:, 1:].sum(1), 2)
    np.testing.assert_array_equal(rows[2:4], sampler.decode(apply, z[2:4], None))


def test_packs_share_a_logit():
    """With packs of 10 rows of length 5 and conditions of length 2, the critic sees 70
    numbers."""
    setup = tiny.setup("ctgan", packing="2", networks__discriminator__dropout="0.5")
    (seen,) = setup.game.networks["discriminator"].inputs
    form = setup.source.spec.table
    assert seen.shape[-1] == 2 * (form.width + form.condition_width)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"data": {"name": "digits"}}, "expected examples with data, condition"),
        ({"data": {"name": "table_iris", "encoding": "range"}}, "with data, condition"),
        ({"batch_size": 9, "packing": 2}, "packing=2: expected a batch of whole packs"),
    ],
)
def test_what_is_refused(changes, problem):
    stated = {"batch_size": 8, **tiny.GAMES["ctgan"], **changes}
    with pytest.raises(BadInput, match=problem):
        build(resolve(stated))
