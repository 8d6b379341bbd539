"""Losses of the players of the semi-supervised GAN, calculated by hand.

The discriminator's logits of its two classes are x and 0, so its logit for "real" is
log(1 + eˣ).
"""

import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.errors import BadInput
from ganjax.games.semi_supervised import semi_supervised
from ganjax.networks import mlp
from ganjax.networks.heads import CriticOutput
from tests import tiny
from tests.games.by_hand import game, paid
from tests.parameters import initialised

BATCH = {"data": [[1.0], [2.0]], "labelled": [[3.0], [0.0]], "known": [0, 1]}


def judge(x):
    classes = jnp.concatenate([x, jnp.zeros_like(x)], axis=1)
    return CriticOutput(jnp.logaddexp(x[:, 0], 0.0), x, {"classes": classes})


def made(loss="non_saturating"):
    functions = {"generator": lambda z: z, "discriminator": judge}
    return game(semi_supervised, functions, loss=loss, prior=-1.0)


def test_the_discriminator_pays_for_fakes_and_for_known_labels():
    """With Z = 1 + eˣ the probability of "real" is Z / (Z + 1) (Salimans et al. 2016,
    section 5)."""
    knobs = {"weights.adversarial": 3.0, "weights.supervised": 5.0}
    loss, metrics, _ = paid(made(), "discriminator", BATCH, knobs=knobs)
    z = 1 + np.exp([1.0, 2.0])
    fake = 1 + np.exp(-1.0)
    unsupervised = -np.mean(np.log(z / (z + 1))) - np.log(1 / (fake + 1))
    labels = -np.mean([np.log(np.exp(3) / (1 + np.exp(3))), np.log(0.5)])
    np.testing.assert_allclose(loss, 3 * unsupervised + 5 * labels, rtol=1e-5)
    np.testing.assert_allclose(metrics["supervised"], labels, rtol=1e-5)


@pytest.mark.parametrize("weight", [0.0, 2.0])
def test_the_generator_fools_as_much_as_is_asked(weight):
    loss = paid(made(), "generator", BATCH, knobs={"weights.fooling": weight})[0]
    z = 1 + np.exp(-1.0)
    np.testing.assert_allclose(loss, -weight * np.log(z / (z + 1)), rtol=1e-5)


def test_a_discriminators_logit_is_that_of_all_its_classes():
    import jax

    module = mlp.Discriminator(widths=(8,), conditioning="class_logits", classes=3)
    x = jax.random.normal(jax.random.key(0), (5, 4))
    variables = initialised(module, jax.random.key(1), x)
    judged = module.apply(variables, x, train=False, method="full_output")
    p = np.exp(judged.outputs["classes"]).sum(axis=1)
    np.testing.assert_allclose(judged.logits, np.log(p), rtol=1e-5)
    assert judged.outputs["classes"].shape == (5, 3)


def test_labels_that_all_are_known_are_refused():
    stated = tiny.GAMES["semi_supervised"] | {"data": {"name": "digits"}}
    with pytest.raises(BadInput, match="data.labels=N makes N labels known"):
        build(resolve(stated))
