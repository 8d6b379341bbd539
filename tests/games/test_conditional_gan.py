"""Labels and losses of the players of the conditional GAN, calculated by hand.

There are three classes. The critic's logit is the sample times 1, 2 or 3, depending on
the label. Every latent is 5, and the generator adds 1, 2 or 3, depending on the label.
"""

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.games.gan import conditional_gan
from tests.games import by_hand
from tests.games.by_hand import game, paid

# Real logits are 1·1 and 4·3. Generated samples are 6 and 8, with logits 6·1 and 8·3.
BATCH = {"data": [[1.0], [4.0]], "label": [0, 2]}


def both(loss="wasserstein"):
    functions = {
        "generator": lambda z: z[:, :1] + z[:, 1:] @ jnp.array([[1.0], [2.0], [3.0]]),
        "discriminator": lambda x: x[:, 0] * (x[:, 1:] @ jnp.array([1.0, 2.0, 3.0])),
    }
    return by_hand.made(conditional_gan, functions, loss=loss, prior=5.0, classes=3)


def made(loss="wasserstein"):
    return both(loss)[0]


def test_discriminator_sees_each_with_its_label():
    loss, metrics, _ = paid(made(), "discriminator", BATCH)
    assert (metrics["real_logit"], metrics["fake_logit"]) == (6.5, 15)
    np.testing.assert_allclose(loss, 15 - 6.5, rtol=1e-6)


def test_generator_is_judged_with_the_label_that_it_was_asked_for():
    """The Wasserstein loss is minus the mean fake logit. The relativistic loss is the
    mean of log(1 + exp(real − fake)), with real − fake = 1 − 6 and 12 − 24."""
    np.testing.assert_allclose(paid(made(), "generator", BATCH)[0], -15, rtol=1e-6)
    loss = paid(made("relativistic_pairing"), "generator", BATCH)[0]
    by_hand = np.mean(np.log1p(np.exp([-5.0, -12.0])))
    np.testing.assert_allclose(loss, by_hand, rtol=1e-6)


def test_an_image_gets_its_label_as_constant_channels():
    """Images have 2×2 pixels, and real images are 0. In the channels of the label the
    critic weighs the pixels by 1, 2, 3 and 4 and the channels by 10, 20 and 30. The
    labels 0 and 2 give 10·10 and 10·30."""
    places = jnp.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 2, 1)

    def discriminator(x):
        assert x.shape == (2, 2, 2, 1 + 3)
        of_label = (x[..., 1:] * places).sum((1, 2)) @ jnp.array([10.0, 20.0, 30.0])
        return x[..., 0].sum((1, 2)) + of_label

    functions = {
        "generator": lambda z: jnp.ones((2, 2, 2, 1)),
        "discriminator": discriminator,
    }
    images = game(conditional_gan, functions, prior=5.0, shape=(2, 2, 1), classes=3)
    batch = {"data": np.zeros((2, 2, 2, 1), np.float32), "label": [0, 2]}
    _, metrics, _ = paid(images, "discriminator", batch)
    assert metrics["real_logit"] == (100 + 300) / 2
    assert metrics["fake_logit"] == 4 + (100 + 300) / 2


def test_samples_show_the_classes_in_turn():
    played, sampler = both()
    samples = sampler.sample(
        lambda name, x: played.networks[name]({}, x),
        jax.random.split(jax.random.key(0), 5),
    )
    np.testing.assert_array_equal(samples[:, 0], [6, 7, 8, 6, 7])
