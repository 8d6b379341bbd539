"""Mirrored examples: which, how often, and the same ones on every device."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.data import Arrays, Feed, make_feed, mirrored
from ganjax.errors import BadInput

SIZES = {"batch_size": 8, "rounds": 3}
KEY = jax.random.key(0)
# No image equals its mirror image.
IMAGES = np.random.default_rng(0).integers(0, 256, (40, 4, 6, 3)).astype(np.uint8)
SPLIT = Arrays(IMAGES, np.arange(40, dtype=np.int32))


@functools.partial(jax.jit, static_argnums=(0, 2))
def _shares(batch, data, devices, step):
    return jax.vmap(lambda _: batch(data, KEY, step, "data"), axis_name="data")(
        jnp.arange(devices)
    )


def batch_of(feed, step, devices=1):
    """The global batch, ``[rounds, batch, …]``, which ``devices`` devices share."""
    return jax.tree.map(
        lambda x: np.moveaxis(x, 0, 1).reshape(x.shape[1], -1, *x.shape[3:]),
        _shares(feed.batch, feed.data, devices, step),
    )


def test_half_of_the_examples_are_mirrored_and_nothing_else_changes():
    plain = make_feed(SPLIT, **SIZES)
    feed = mirrored(plain, **SIZES)
    turned = []
    for step in range(50):
        before, after = batch_of(plain, step), batch_of(feed, step)
        np.testing.assert_array_equal(after["label"], before["label"])
        itself = (after["data"] == before["data"]).all((2, 3, 4))
        other = (after["data"] == before["data"][..., ::-1, :]).all((2, 3, 4))
        np.testing.assert_array_equal(itself, ~other)
        turned.append(other)
    share = np.mean(turned)  # mean of 1,200 coin flips
    assert abs(share - 0.5) < 4 * 0.5 / np.sqrt(1200)
    # Coins differ between steps and between the places in a step.
    turned = np.stack(turned).reshape(50, -1)
    assert len(np.unique(turned, axis=0)) == 50
    assert len(np.unique(turned.T, axis=0)) == 24


@pytest.mark.parametrize("devices", [2, 4])
def test_devices_share_the_coins_of_one(devices):
    feed = mirrored(make_feed(SPLIT, **SIZES), **SIZES)
    one, several = (batch_of(feed, 7, n) for n in (1, devices))
    np.testing.assert_array_equal(several["data"], one["data"])


def test_the_images_of_a_pair_are_mirrored_together():
    x = jnp.asarray(IMAGES[:24].reshape(3, 8, 4, 6, 3))
    pairs = Feed((), lambda data, key, step, axis: {"a": x, "b": x + 1})
    found = batch_of(mirrored(pairs, **SIZES), 0)
    np.testing.assert_array_equal(found["b"], found["a"] + 1)
    assert 0 < (found["a"] != x).any((2, 3, 4)).sum() < 24


def test_a_config_mirrors_images_and_refuses_points():
    stated = {"data": {"name": "digits", "mirror": True}, "batch_size": 8}
    turned, plain = (
        batch_of(build(resolve({**stated, "data": data})).feed, 0)["data"]
        for data in (stated["data"], {"name": "digits"})
    )
    assert (turned != plain).any() and turned.shape == plain.shape
    with pytest.raises(BadInput, match="data.mirror=True: expected images .*'ring8'"):
        build(resolve({"data": {"name": "ring8", "mirror": True}}))
