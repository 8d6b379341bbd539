"""Style transfer: adaptive instance normalisation, and losses calculated by hand.

The encoder of the tests returns the image, and the image times 10, as its maps. Images
have the four pixels m − d, m + d, m − d, m + d, so their mean is m and their deviation
d.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.core import init_state
from ganjax.errors import BadInput
from ganjax.games import style_transfer
from ganjax.games.style_transfer import adain
from tests import tiny
from tests.games.by_hand import game, made, paid


def image(mean, deviation):
    return np.array([mean - deviation, mean + deviation] * 2).reshape(1, 2, 2, 1)


CONTENT, STYLE = image(0.1, 0.2), image(0.5, 0.4)
FUNCTIONS = {
    "encoder": lambda x: (x, 10 * x),
    # The decoder halves the features of the second map, and inverts the factor.
    "decoder": lambda image, *maps: maps[-1] / 20,
    "discriminator": lambda x: x.mean((1, 2, 3)),
}
BATCH = {"a": CONTENT, "b": STYLE}
KNOBS = {
    "weights.content": 2.0,
    "weights.style": 3.0,
    "weights.adversarial": 5.0,
}
GIVEN = {"shape": (2, 2, 1), "options": {"corrections": 1}}
EXPECTED = 2 * 25 * 0.41 + 3 * 101 * 0.1025


@pytest.fixture
def by_functions(monkeypatch):
    """Both maps of the encoder have the shape of the image."""
    shapes = 2 * (jax.ShapeDtypeStruct((2, 2, 2, 1), jnp.float32),)
    monkeypatch.setattr(style_transfer, "_maps", lambda network: shapes)


def apply(name, *inputs):
    return FUNCTIONS[name](*inputs)


def test_adain_gives_the_moments_of_the_style():
    content = jax.random.normal(jax.random.key(0), (2, 5, 4, 3))
    style = 3 + 2 * jax.random.normal(jax.random.key(1), (2, 6, 6, 3))
    found = np.asarray(adain(content, style))
    for moment in (np.mean, np.std):
        np.testing.assert_allclose(
            moment(found, (1, 2)), moment(np.asarray(style), (1, 2)), rtol=1e-4
        )
    normal = [
        (x - x.mean((1, 2), keepdims=True)) / x.std((1, 2), keepdims=True)
        for x in (np.asarray(content), found)
    ]
    np.testing.assert_allclose(*normal, atol=1e-4)
    np.testing.assert_allclose(adain(style, style), style, rtol=1e-4)


def test_the_decoder_pays_for_content_and_style(by_functions):
    """The target is 10·(0.5 ± 0.4). The decoder makes half of the style image, with the
    mean 0.25 and the deviation 0.2. Content: the mean of (5 · (0.1 or 0.9))² is 25 ·
    0.41. Style: 0.25² + 0.2² in the first map, and 100 times this in the second."""
    played = game(style_transfer.style_transfer, FUNCTIONS, **GIVEN)
    loss, metrics, _ = paid(played, "decoder", BATCH, knobs=KNOBS)
    np.testing.assert_allclose(metrics["content"], 25 * 0.41, rtol=1e-3)
    np.testing.assert_allclose(metrics["style"], 101 * 0.1025, rtol=1e-3)
    np.testing.assert_allclose(loss, EXPECTED, rtol=1e-3)


def test_the_adversarial_variant_fools_a_judge_of_style_images(by_functions):
    """The judge's logit is the mean: 0.5 for the style image, 0.25 for the result."""
    played = game(style_transfer.adversarial_style_transfer, FUNCTIONS, **GIVEN)
    loss = paid(played, "discriminator", BATCH, knobs=KNOBS)[0]
    np.testing.assert_allclose(loss, 0.25 - 0.5, atol=1e-4)
    loss, metrics, _ = paid(played, "decoder", BATCH, knobs=KNOBS)
    np.testing.assert_allclose(loss, EXPECTED - 5 * 0.25, rtol=1e-3)
    assert metrics["adversarial"] == pytest.approx(-0.25, abs=1e-4)


def test_losses_of_images_that_need_no_transfer(by_functions):
    """A style image has the style loss 0 in its own style. The result of AdaIN has the
    content loss 0, and the style image has a loss if its pixels move."""
    _, sampler = made(style_transfer.style_transfer, FUNCTIONS, **GIVEN)

    ask = sampler.abilities
    both = jnp.concatenate([STYLE, STYLE], -1)
    assert ask["style_loss"](apply, both) == pytest.approx(0, abs=1e-6)
    target = 10 * image(0.5, 0.4)
    of_result = jnp.concatenate([target / 10, CONTENT, STYLE], -1)
    assert ask["content_loss"](apply, of_result) == pytest.approx(0, abs=1e-3)
    flipped = jnp.concatenate([target[:, :, ::-1] / 10, CONTENT, STYLE], -1)
    assert ask["content_loss"](apply, flipped) == pytest.approx(64, rel=1e-3)


def test_a_blend_is_a_mean_of_restyled_features(by_functions):
    """The mean of the styles is 0.75 · 0.5 + 0.25 · 0.9 = 0.6 and the deviation 0.75 ·
    0.4 + 0.25 · 0.8 = 0.5. The decoder halves both. Values above 1 are cut."""
    _, sampler = made(style_transfer.style_transfer, FUNCTIONS, **GIVEN)
    blend = sampler.abilities["blend"]
    part = np.full((1, 2, 2, 1), 0.25)
    found = blend(apply, jnp.concatenate([CONTENT, STYLE, image(0.9, 0.8), part], -1))
    np.testing.assert_allclose(found, image(0.3, 0.25), rtol=1e-3)
    found = blend(apply, jnp.concatenate([CONTENT, STYLE, image(8, 1), part**0], -1))
    np.testing.assert_allclose(found, np.ones((1, 2, 2, 1)))


def test_the_decoder_gets_the_maps_that_it_has_and_those_that_it_wants(by_functions):
    """AdaIN of the pixels of a content image gives the style's moments: 0.5 ± 0.4. Its
    maps are this image, and 10 times this image, and so are the wanted maps."""
    given = []

    def decoder(*inputs):
        given[:] = inputs
        return inputs[0]

    functions = FUNCTIONS | {"decoder": decoder}
    _, sampler = made(style_transfer.style_transfer, functions, **GIVEN)
    sampler.abilities["stylise"](
        lambda name, *inputs: functions[name](*inputs),
        jnp.concatenate([CONTENT[:, :, ::-1], STYLE], -1),
    )
    image = STYLE[:, :, ::-1]
    wanted = (image, image, 10 * image, image, 10 * image)
    for found, expected in zip(given, wanted, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_a_second_correction_begins_with_the_result_of_the_first(by_functions):
    """A decoder that halves its image makes a quarter of AdaIN(content, style)."""
    functions = FUNCTIONS | {"decoder": lambda image, *maps: image / 2}
    given = GIVEN | {"options": {"corrections": 2}}
    _, sampler = made(style_transfer.style_transfer, functions, **given)
    found = sampler.abilities["stylise"](
        lambda name, *inputs: functions[name](*inputs),
        jnp.concatenate([CONTENT, STYLE], -1),
    )
    np.testing.assert_allclose(found, STYLE / 4, rtol=1e-3)
    # The style's mean 0.5 and deviation 0.4 become 0.125 and 0.1.
    played = game(style_transfer.style_transfer, functions, **given)
    metrics = paid(played, "decoder", BATCH, knobs=KNOBS)[1]
    style = 101 * (0.375**2 + 0.3**2)
    np.testing.assert_allclose(metrics["style"], style, rtol=1e-3)


def test_the_encoder_does_not_learn():
    setup = tiny.setup("style_transfer")
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    assert set(state.optimizer) == {"decoder"} and "encoder" in state.params
    assert setup.game.ema == ("decoder",)


def test_points_are_refused():
    stated = tiny.GAMES["style_transfer"] | {"data": {"name": "unpaired"}}
    with pytest.raises(BadInput, match="expected images, not the shape 2$"):
        build(resolve(stated))
