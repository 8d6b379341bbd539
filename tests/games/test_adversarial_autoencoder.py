"""Losses of the three players of the adversarial autoencoder, calculated by hand.

The data (1, 2) and (3, 5) have the codes x₁ + x₂ = 3 and 8. Every latent is 7. The
decoder maps c to (c, c). The discriminator's logit is 2z: 14 for a latent, and 6 and 16
for the codes.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.games.adversarial_autoencoder import adversarial_autoencoder
from tests.games import by_hand
from tests.games.by_hand import paid

BATCH = {"data": [[1.0, 2.0], [3.0, 5.0]]}


def both(loss="wasserstein"):
    functions = {
        "encoder": lambda x: x.sum(-1, keepdims=True),
        "decoder": lambda code: jnp.concatenate([code, code], -1),
        "discriminator": lambda z: 2 * z[:, 0],
    }
    return by_hand.made(
        adversarial_autoencoder, functions, loss=loss, prior=7.0, shape=(2,)
    )


def made(loss="wasserstein"):
    return both(loss)[0]


@pytest.mark.parametrize("weight", [1.0, 10.0])
def test_autoencoder_pays_the_weighted_squared_error(weight):
    """(1, 2) becomes (3, 3) and (3, 5) becomes (8, 8): (4 + 1 + 25 + 9) / 4 = 9.75."""
    knobs = {"weights.reconstruction": weight, "weights.corruption": 0.0}
    loss, metrics, _ = paid(made(), "autoencoder", BATCH, knobs=knobs)
    np.testing.assert_allclose(loss, weight * 9.75, rtol=1e-6)
    np.testing.assert_allclose(metrics["reconstruction"], 9.75, rtol=1e-6)


def test_latents_are_the_discriminators_real_ones():
    """The Wasserstein loss is the mean logit of codes, (6 + 16) / 2, minus the mean
    logit of latents, 14."""
    loss, metrics, _ = paid(made(), "discriminator", BATCH)
    np.testing.assert_allclose(loss, 11 - 14, rtol=1e-6)
    assert (metrics["real_logit"], metrics["fake_logit"]) == (14, 11)


def test_encoder_is_the_one_who_fools():
    """The Wasserstein loss is minus the mean logit of codes. The relativistic loss is
    the mean of log(1 + exp(real − fake)), where real − fake is 14 − 6 and 14 − 16."""
    np.testing.assert_allclose(paid(made(), "encoder", BATCH)[0], -11, rtol=1e-6)
    loss = paid(made("relativistic_pairing"), "encoder", BATCH)[0]
    by_hand = np.mean(np.log1p(np.exp([8.0, -2.0])))
    np.testing.assert_allclose(loss, by_hand, rtol=1e-6)


def test_samples_are_decoded_latents():
    played, sampler = both()
    samples = sampler.sample(
        lambda name, x: played.networks[name]({}, x),
        jax.random.split(jax.random.key(0), 3),
    )
    np.testing.assert_array_equal(samples, np.full((3, 2), 7.0))
