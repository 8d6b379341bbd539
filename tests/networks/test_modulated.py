"""The modulated convolution compared with a separate kernel for every sample."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.networks import conv, resample
from ganjax.networks.modulated import modulated_convolve


def arrays():
    keys = jax.random.split(jax.random.key(0), 3)
    x = jax.random.normal(keys[0], (2, 6, 6, 4))
    kernel = jax.random.normal(keys[1], (3, 3, 4, 5))
    style = jax.random.normal(keys[2], (2, 4)) + 1
    return x, kernel, style


def one_by_one(x, kernel, style, *, demodulate, convolve):
    """Convolve each sample with its own kernel, by eqs. 1 and 3 of the paper."""
    made = []
    for image, scales in zip(x, style, strict=True):
        own = kernel * scales.reshape(1, 1, -1, 1)
        if demodulate:
            norm = jnp.sqrt(jnp.sum(own**2, (0, 1, 2)) + 1e-8)
            own = own / norm.reshape(1, 1, 1, -1)
        made.append(convolve(image[None], own)[0])
    return jnp.stack(made)


@pytest.mark.parametrize(
    "convolve, demodulate",
    [
        (conv.convolve, True),
        (resample.upsample_convolve, False),
        pytest.param(conv.convolve, False, marks=pytest.mark.full),
        pytest.param(resample.upsample_convolve, True, marks=pytest.mark.full),
    ],
)
def test_it_is_a_kernel_for_every_sample(demodulate, convolve):
    """Values agree, and so do all gradients of a sum of squared gradients."""
    how = {"demodulate": demodulate, "convolve": convolve}
    both = [functools.partial(f, **how) for f in (modulated_convolve, one_by_one)]
    x, kernel, style = arrays()
    found, expected = (f(x, kernel, style) for f in both)
    assert found.shape[-1] == 5
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)

    def twice(function, *args):
        once = jax.grad(lambda *args: jnp.sum(jnp.sin(function(*args))), (0, 1, 2))
        return sum(jnp.sum(g**2) for g in once(*args))

    gradients = [
        jax.jit(jax.grad(functools.partial(twice, f), (0, 1, 2))) for f in both
    ]
    for a, b in zip(*(g(x, kernel, style) for g in gradients), strict=True):
        assert np.abs(a - b).max() < 1e-4 * np.abs(b).max()


def test_demodulated_outputs_do_not_feel_the_size_of_a_style():
    x, kernel, style = arrays()
    once = modulated_convolve(x, kernel, style)
    np.testing.assert_allclose(
        modulated_convolve(x, 7 * kernel, 100 * style), once, rtol=1e-3, atol=1e-5
    )


def test_white_noise_stays_of_unit_variance():
    """Eq. 3 assumes that inputs are independent with deviation 1."""
    x = jax.random.normal(jax.random.key(1), (4, 32, 32, 8))
    kernel = 5 * jax.random.normal(jax.random.key(2), (3, 3, 8, 16))
    style = jnp.exp(jax.random.normal(jax.random.key(3), (4, 8)))
    inside = np.asarray(modulated_convolve(x, kernel, style))[:, 1:-1, 1:-1]
    assert inside.var() == pytest.approx(1, rel=0.05)
