"""Filling in: the seam, what the networks see, and losses calculated by hand.

A test image has the values 0, 0.1, … 0.5 along its columns. The hole is the first three
columns, and the seam columns 2 and 3.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.core import init_state
from ganjax.errors import BadInput
from ganjax.games.inpainting import inpainting, seam
from tests import tiny
from tests.games.by_hand import game, made, paid

SIDE = 6
RAMP = np.broadcast_to(0.1 * np.arange(SIDE).reshape(1, 1, -1, 1), (2, SIDE, SIDE, 1))
HOLE = np.broadcast_to((np.arange(SIDE) < 3).reshape(1, 1, -1, 1), RAMP.shape) * 1.0
OPTIONS = {"masks": "square", "least": 0.1, "most": 0.4, "seam": 1}
BATCH, DRAWN = {"data": RAMP}, {"masks": jnp.asarray(HOLE)}
SHAPE = (SIDE, SIDE, 1)


def played(generator):
    """The discriminator's logit is the mean of the image plus 10 times the mean of the
    mask."""
    functions = {
        "generator": generator,
        "discriminator": lambda x: x[..., 0].mean((1, 2)) + 10 * x[..., 1].mean((1, 2)),
    }
    return game(inpainting, functions, shape=SHAPE, options=OPTIONS)


def black(context):
    return jnp.zeros_like(context[..., :1])


def test_the_seam_is_on_both_sides_of_the_border():
    for width, columns in ((1, [2, 3]), (2, [1, 2, 3, 4]), (9, range(SIDE))):
        found = np.asarray(seam(jnp.asarray(HOLE), width))[0, ..., 0]
        expected = np.isin(np.arange(SIDE), list(columns)) * np.ones((SIDE, 1))
        np.testing.assert_array_equal(found, expected)
    point = np.zeros((1, 5, 5, 1), np.float32)
    point[0, 2, 2] = 1
    assert seam(jnp.asarray(point), 1)[0, ..., 0].sum() == 9


def test_the_generator_pays_for_the_hole_and_for_the_seam():
    """A black image has the errors 0, 0.1 and 0.2 in the hole, and 0.2 and 0.3 in the
    seam. The completed image is 0, 0, 0, 0.3, 0.4, 0.5, with the mean 0.2."""
    knobs = {"weights.adversarial": 2.0, "weights.hole": 6.0, "weights.seam": 3.0}
    loss, metrics, _ = paid(
        played(black), "generator", BATCH, knobs=knobs, drawn=DRAWN
    )  # fmt: skip
    np.testing.assert_allclose(metrics["hole"], 0.1, rtol=1e-5)
    np.testing.assert_allclose(metrics["seam"], 0.25, rtol=1e-5)
    np.testing.assert_allclose(loss, 2 * -(0.2 + 5) + 6 * 0.1 + 3 * 0.25, rtol=1e-5)


def test_the_discriminator_sees_the_mask_and_the_whole_image():
    """Its loss is 0.2 + 5 for completed images, minus 0.25 + 5 for whole ones."""
    loss = paid(played(black), "discriminator", BATCH, drawn=DRAWN)[0]
    np.testing.assert_allclose(loss, -0.05, atol=1e-6)


def test_no_value_of_the_hole_reaches_the_generator():
    """The generator returns what it sees. In the hole this is 0, also if the user's
    image has other values there."""
    functions = {"generator": lambda c: c[..., :1], "discriminator": None}
    _, sampler = made(inpainting, functions, shape=SHAPE, options=OPTIONS)
    inputs = jnp.concatenate([jnp.asarray(RAMP) + 7 * HOLE, HOLE], -1)
    fill = sampler.abilities["fill"]
    found = fill(lambda name, x: functions[name](x), inputs)
    np.testing.assert_allclose(found, RAMP * (1 - HOLE), atol=1e-6)
    # The generator knows which pixels are the hole.
    found = fill(lambda name, x: 1 - x[..., 1:], inputs)
    np.testing.assert_allclose(found, RAMP * (1 - HOLE), atol=1e-6)


def test_samples_are_held_out_images_outside_of_their_holes():
    setup = tiny.setup("inpainting")
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    found = setup.model(state).sample(0, 6)
    test = setup.source.test.data / 127.5 - 1
    for image in found:
        same = (np.abs(test - image) < 1e-5)[..., 0].mean((1, 2)).max()
        assert 0.6 <= same < 1


def test_each_turn_has_new_masks():
    """Two seeds of a turn have different errors of the same images."""
    found = {
        float(paid(played(black), "generator", BATCH, seed=seed, knobs={
            "weights.adversarial": 0.0, "weights.hole": 1.0, "weights.seam": 0.0,
        })[0])
        for seed in range(3)
    }  # fmt: skip
    assert len(found) == 3


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"data": {"name": "ring8"}}, "game='inpainting': expected images, but .* 2$"),
        ({"options": {"least": 0.9}}, "options.least=0.9: expected a share at most"),
        ({"options": {"masks": "free"}}, "options.masks='free': expected one of"),
        (
            {"options": {"masks": "square", "strokes": 3}},
            "options.strokes=3: there is no such field",
        ),
    ],
)
def test_what_does_not_fit_is_refused(more, said):
    with pytest.raises(BadInput, match=said):
        build(resolve(tiny.GAMES["inpainting"] | more))


def test_masks_of_the_user_train(tmp_path, monkeypatch):
    (tmp_path / "my_masks.py").write_text(
        "import jax.numpy as jnp\n"
        "from ganjax.options import Option, configured\n"
        "@configured(columns=Option(2, 'columns', least=1))\n"
        "def left(keys, size, least, most, columns=2):\n"
        "    one = (jnp.arange(size[1]) < columns).astype(jnp.float32)\n"
        "    one = one.reshape(1, 1, -1, 1)\n"
        "    return jnp.broadcast_to(one, (*keys.shape, *size, 1))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    options = {"masks": "my_masks:left", "columns": 3}
    setup = build(resolve({**tiny.GAMES["inpainting"], "options": options}))
    mask = setup.sampler.masking.draw(jax.random.split(jax.random.key(0), 2))
    np.testing.assert_array_equal(mask.sum((1, 2, 3)), 3 * 8)
    assert setup.sampler.masking.about["columns"] == 3
