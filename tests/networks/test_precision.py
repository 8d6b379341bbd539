"""Arithmetic is in bfloat16; all stored values are in float32."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.core import compile_step, init_state, make_train_step
from ganjax.networks import ARCHITECTURES, conv
from tests import tiny

KEY = jax.random.key(0)
OPTIONS = {
    "mlp": {"widths": (16,)},
    "tabular": {"widths": (16,)},
    "dcgan": {"width": 4},
    "deep_conv": {"width": 2},
    "sn_dcgan": {"width": 2},
    "sngan_resnet": {"width": 8},
    "sagan": {"width": 8},
    "biggan": {"width": 8},
    "progressive": {"channel_max": 8},
    "transformer": {"width": 8, "depth": 1},
    "unet": {"width": 4},
    "cyclegan_resnet": {"width": 4, "blocks": 1},
    "srresnet": {"width": 8, "blocks": 1},
    "stylegan2": {"channel_max": 16, "intermediate": 16, "mapping_layers": 2},
    "r3gan": {"width": 16},
}
# Image sizes of the architectures that do not support 8 pixels.
SIZES = {"sngan_resnet": 32, "sagan": 32, "biggan": 32}
TRANSLATORS = ("unet", "cyclegan_resnet", "srresnet")  # they take images


# The others use only layers of these, or compile slowly.
SOON = ("mlp", "dcgan", "sn_dcgan", "stylegan2")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in SOON else pytest.mark.full)
        for name, architecture in ARCHITECTURES.items()
        if hasattr(architecture, "Generator")
    ],
)
def test_a_half_precise_network_is_the_same_function(name):
    """With equal parameters, outputs agree to about the 8 bits of bfloat16."""
    z = jax.random.normal(KEY, (8, 6))
    size = SIZES.get(name, 8)
    # Larger latents use the range of tanh, but they saturate a deep network.
    z = z if name in SIZES else 3 * z
    if name in TRANSLATORS:
        z = jax.random.normal(KEY, (2, size, size, 1))
    single, half = (
        ARCHITECTURES[name].Generator((size, size, 1), dtype=dtype, **OPTIONS[name])
        for dtype in (jnp.float32, jnp.bfloat16)
    )
    variables = jax.jit(functools.partial(half.init, train=True))(KEY, z)
    images, exact = (
        jax.jit(functools.partial(network.apply, train=False))(variables, z)
        for network in (half, single)
    )
    assert images.dtype == exact.dtype == jnp.float32
    error = np.abs(images - exact).max() / np.abs(exact).max()
    assert 1e-5 < error < 0.05


@pytest.mark.parametrize(
    "name", [pytest.param("gan", marks=pytest.mark.full), "convolutional"]
)
def test_a_step_keeps_single_precision(name):
    """The state and the metrics are float32. Matrix products are bfloat16."""
    setup = tiny.setup(name, precision="bfloat16", regularizers__r1__weight=1.0)
    state = init_state(setup.game, KEY, setup.knobs)
    step = compile_step(make_train_step(setup.game, batch=setup.feed.batch))
    lowered = step.lower(state, setup.feed.data).as_text()
    assert "dot_general" in lowered and "xbf16>" in lowered
    moved, metrics = step(state, setup.feed.data)
    floats = [x for x in jax.tree.leaves(moved) if jnp.issubdtype(x.dtype, jnp.inexact)]
    assert {x.dtype for x in floats} == {np.dtype(np.float32)}
    assert all(np.isfinite(value).all() for value in metrics.values())


def test_gradients_of_half_precise_convolutions_are_half_precise():
    x, kernel = jnp.ones((2, 8, 8, 3), jnp.bfloat16), jnp.ones((4, 4, 3, 5))
    kernel = kernel.astype(jnp.bfloat16)
    gradients = jax.grad(lambda x, k: conv.convolve(x, k, stride=2).sum(), (0, 1))(
        x, kernel
    )
    assert {g.dtype for g in gradients} == {np.dtype(jnp.bfloat16)}
