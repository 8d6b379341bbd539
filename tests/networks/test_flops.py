"""Multiply-adds compared with counts by hand."""

import jax
import jax.numpy as jnp
import pytest

from ganjax.networks import dcgan, sn_dcgan
from ganjax.networks.flops import multiply_adds
from ganjax.networks.layers import Conv, Linear


def shape(*sizes):
    return jax.ShapeDtypeStruct(sizes, jnp.float32)


def forward(module, *sizes, **options):
    """Return the multiply-adds of ``module`` for inputs ``[*sizes]``."""
    x = shape(*sizes)
    made = jax.eval_shape(
        lambda x: module.init(jax.random.key(0), x, **options), shape(2, *sizes[1:])
    )
    return multiply_adds(lambda v, x: module.apply(v, x, **options), made, x)


def test_a_linear_layer():
    assert forward(Linear(7), 5, 3) == 5 * 3 * 7


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # 8·8 pixels out, 3·3 taps
        ({"kernel": 3}, 5 * 8 * 8 * 6 * 9 * 4),
        # 4·4 pixels out, 4·4 taps
        ({"kernel": 4, "stride": 2}, 5 * 4 * 4 * 6 * 16 * 4),
        # 16·16 pixels out; only 2·2 of the 4·4 taps meet a pixel
        ({"kernel": 4, "stride": 2, "transpose": True}, 5 * 16 * 16 * 6 * 4 * 4),
    ],
)
def test_a_convolution_and_its_gradients(options, expected):
    module = Conv(6, **options)
    assert forward(module, 5, 8, 8, 4) == expected
    x, kernel = shape(5, 8, 8, 4), shape(options["kernel"], options["kernel"], 4, 6)

    def loss(kernel, x):
        variables = {"params": {"kernel": kernel, "bias": jnp.zeros(6)}}
        return module.apply(variables, x).sum()

    # Each of the two gradients takes as many products as the forward pass. This holds
    # at the border too, because the adjoint of an even padding meets the same taps.
    both = multiply_adds(jax.value_and_grad(loss, (0, 1)), kernel, x)
    assert both == 3 * expected


@pytest.mark.parametrize(
    ("architecture", "generator", "discriminator"),
    [(dcgan, 0.036, 0.035), (sn_dcgan, 0.207, 0.217)],
)
def test_networks_of_32_pixels(architecture, generator, discriminator):
    made = architecture.Generator((32, 32, 3), width=64, normalization="none")
    assert 2e-9 * forward(made, 1, 128, train=True) == pytest.approx(
        generator, abs=5e-4
    )
    made = architecture.Discriminator(width=64, normalization="none")
    measured = 2e-9 * forward(made, 1, 32, 32, 3, train=True)
    assert measured == pytest.approx(discriminator, abs=5e-4)


def test_loops_and_branches():
    a, b = shape(2, 3), shape(3, 3)

    def scanned(a, b):
        return jax.lax.scan(lambda x, _: (x @ b, None), a, None, length=4)[0]

    assert multiply_adds(scanned, a, b) == 4 * 2 * 3 * 3

    def branched(a, b):
        return jax.lax.cond(a[0, 0] > 0, lambda: a @ b @ b, lambda: a @ b)

    assert multiply_adds(branched, a, b) == 2 * 2 * 3 * 3

    def endless(a, b):
        return jax.lax.while_loop(lambda x: x[0, 0] > 0, lambda x: x @ b, a)

    with pytest.raises(ValueError, match="no known length"):
        multiply_adds(endless, a, b)
