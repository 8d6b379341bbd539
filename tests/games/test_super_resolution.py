"""Super-resolution: reduced images, losses, and the bicubic comparison."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.errors import BadInput
from ganjax.games.super_resolution import reduced, super_resolution
from tests import tiny
from tests.games.by_hand import game, made, paid


def test_a_reduction_keeps_a_constant_and_a_slope():
    x = jnp.full((1, 8, 8, 1), 0.3)
    np.testing.assert_allclose(reduced(x, 2), 0.3, rtol=1e-6)
    # A ramp of 0.02 per pixel becomes a ramp of 0.08 per reduced pixel, except near the
    # border. Its value is the value at the middle: reduced pixel 2 covers 8 to 11.
    ramp = jnp.broadcast_to(0.02 * jnp.arange(32)[:, None, None], (1, 32, 32, 1))
    small = reduced(ramp, 4)[0, :, 0, 0]
    np.testing.assert_allclose(np.diff(small[2:-2]), 0.08, rtol=1e-4)
    np.testing.assert_allclose(small[2], 0.02 * 9.5, rtol=1e-4)


def test_the_generator_pays_for_content_and_for_its_judge():
    """Flat images of 0.5 and −0.5 are restored as flat images of 0.1, with the squared
    errors 0.16 and 0.36. The discriminator's logit is the image's mean, 0.1."""
    functions = {
        "generator": lambda x: jnp.full((len(x), 4, 4, 1), 0.1),
        "discriminator": lambda x: x.mean((1, 2, 3)),
    }
    played = game(super_resolution, functions, shape=(4, 4, 1), options={"factor": 2})
    batch = {"data": np.broadcast_to([[[[0.5]]], [[[-0.5]]]], (2, 4, 4, 1))}
    knobs = {"weights.content": 10.0, "weights.adversarial": 3.0}
    loss, metrics, _ = paid(played, "generator", batch, knobs=knobs)
    np.testing.assert_allclose(loss, 10 * 0.26 - 3 * 0.1, rtol=1e-5)
    np.testing.assert_allclose(metrics["content"], 0.26, rtol=1e-5)
    np.testing.assert_allclose(
        paid(played, "discriminator", batch)[0], 0.1 - 0.0, rtol=1e-5
    )


def test_bicubic_interpolation_is_what_it_is_compared_with():
    functions = {"generator": None, "discriminator": None}
    _, sampler = made(
        super_resolution, functions, shape=(8, 8, 1), options={"factor": 2}
    )
    interpolate = sampler.abilities["interpolate"]
    x = jax.random.uniform(jax.random.key(0), (2, 8, 8, 1), minval=-1)
    found = interpolate(None, x)
    assert found.shape == x.shape and np.abs(found).max() <= 1
    flat = jnp.full((1, 8, 8, 1), -0.7)
    np.testing.assert_allclose(interpolate(None, flat), -0.7, 1e-6)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"options": {"factor": 3}}, "options.factor=3: expected a divisor of the sid"),
        ({"data": {"name": "ring8"}}, "options.factor=2: expected a divisor"),
    ],
)
def test_what_does_not_divide_is_refused(more, said):
    with pytest.raises(BadInput, match=said):
        build(resolve(tiny.GAMES["super_resolution"] | more))
