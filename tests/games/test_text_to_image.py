"""Losses of text to image, calculated by hand.

Captions are one word, number 1 or 2, and the sentence of a caption is its number s. The
latent is 3, the generator makes z + s, and the logit of an image x is x − 2 s. Real
images are 1 and 2, with the captions 1 and 2. So the logits are −1 and −2 of real
pairs, −3 and 0 of real images with the other caption, and 2 and 1 of generated pairs.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.data.captions import Captions
from ganjax.errors import BadInput
from ganjax.games.text_to_image import mismatched, text_to_image
from ganjax.networks.text import Text, mask_of
from tests import tiny
from tests.games.by_hand import made, paid

BATCH = {"data": [[1.0], [2.0]], "caption": np.array([[1], [2]], np.int32)}
REAL, WRONG, FAKE = np.array([[-1, -2], [-3, 0], [2, 1]], np.float64)


def encoded(tokens):
    sentence = tokens.astype(jnp.float32)
    return Text(sentence, jnp.expand_dims(sentence, -1), mask_of(tokens))


FUNCTIONS = {
    "generator": lambda z, text: z + text.sentence,
    "discriminator": lambda x, text: (x - 2 * text.sentence)[:, 0],
    "generator_text": encoded,
    "discriminator_text": encoded,
}


def built(loss, wrong="next"):
    return made(
        text_to_image, FUNCTIONS, loss=loss, prior=3.0, options={"wrong": wrong},
        captions=Captions(("one", "two"), 1, ("two", "one")),
    )  # fmt: skip


def log_sigmoid(x):
    return -np.log1p(np.exp(-x))


# Algorithm 1 of Reed et al. in float64, and the same for other losses.
DISCRIMINATOR = {
    "non_saturating": -np.mean(log_sigmoid(REAL))
    - (np.mean(log_sigmoid(-WRONG)) + np.mean(log_sigmoid(-FAKE))) / 2,
    "hinge": (2 + 3) / 2 + ((0 + 1) / 2 + (3 + 2) / 2) / 2,
    "wasserstein": 1.5 + (-1.5 + 1.5) / 2,
    "relativistic_pairing": -np.mean(
        log_sigmoid(np.concatenate([REAL - WRONG, REAL - FAKE]))
    ),
}


@pytest.mark.parametrize("loss", DISCRIMINATOR)
def test_wrong_captions_are_half_of_the_fakes(loss):
    paid_loss, metrics, _ = paid(built(loss)[0], "discriminator", BATCH)
    np.testing.assert_allclose(paid_loss, DISCRIMINATOR[loss], rtol=1e-6)
    logits = (metrics[f"{kind}_logit"] for kind in ("real", "wrong", "fake"))
    np.testing.assert_allclose(list(logits), [-1.5, -1.5, 1.5])


def test_without_wrong_captions_there_are_two_kinds():
    paid_loss, metrics, _ = paid(built("hinge", "none")[0], "discriminator", BATCH)
    np.testing.assert_allclose(paid_loss, (2 + 3) / 2 + (3 + 2) / 2)
    assert "wrong_logit" not in metrics


def test_the_generator_pays_for_its_own_captions():
    for loss, wanted in (
        ("hinge", -1.5),
        ("non_saturating", -np.mean(log_sigmoid(FAKE))),
        ("relativistic_pairing", -np.mean(log_sigmoid(FAKE - REAL))),
    ):
        paid_loss, _, _ = paid(built(loss)[0], "generator", BATCH)
        np.testing.assert_allclose(paid_loss, wanted, rtol=1e-6)


def test_the_sampler_takes_captions_in_turn():
    sampler = built("hinge")[1]
    assert sampler.captioned and sampler.chosen == ((2,), (1,))
    np.testing.assert_array_equal(sampler.labels(3, first=1), [[1], [2], [1]])

    def apply(network, *inputs):
        return FUNCTIONS[network](*inputs)

    z = jnp.full((3, 1), 3.0)
    found = sampler.decode(apply, z, np.array([[1], [1], [2]], np.int32))
    np.testing.assert_array_equal(found[:, 0], [4, 4, 5])


def test_a_wrong_caption_is_the_next_one_that_differs():
    tokens = np.array([[1, 2], [1, 2], [3, 0], [1, 2], [3, 0]])
    other = jax.jit(mismatched)
    np.testing.assert_array_equal(other(tokens), tokens[[2, 2, 3, 4, 0]])
    same = tokens[[0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(other(same), same)


def test_the_nearest_wrong_caption_differs_at_the_fewest_places():
    tokens = np.array([[1, 2, 3], [4, 5, 3], [1, 2, 3], [1, 2, 0], [4, 2, 3]])
    other = jax.jit(functools.partial(mismatched, nearest=True))
    # Of two that differ at one place, the next one in turn counts.
    np.testing.assert_array_equal(other(tokens), tokens[[3, 4, 3, 0, 0]])
    same = tokens[[0, 2, 0, 2, 0]]
    np.testing.assert_array_equal(other(same), same)


def test_each_player_trains_its_own_encoder():
    players = {
        player.name: player.owns for player in tiny.setup("text_to_image").game.players
    }
    assert players == {
        "discriminator": ("discriminator", "discriminator_text"),
        "generator": ("generator", "generator_text"),
    }


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"data": {"name": "digits"}}, "expected examples with data, caption"),
        ({"packing": 2}, "packing=2: expected a critic that takes packs"),
        ({"networks": {"generator": {"name": "dcgan"}}},
         "with a generator_from_text, one of captioned"),
        ({"networks": {"generator": {"attention": 3}}}, "attention=3: expected the si"),
        ({"networks": {"generator_text": {"name": "mlp"}}},
         "with a text_encoder, one of gru"),
    ],
)  # fmt: skip
def test_what_is_refused(changes, problem):
    stated = {"batch_size": 8, **tiny.GAMES["text_to_image"], **changes}
    with pytest.raises(BadInput, match=problem):
        build(resolve(stated))
