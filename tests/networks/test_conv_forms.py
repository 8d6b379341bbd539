"""Every form of a convolution equals the stock form up to rounding: value, gradients
and gradients of gradients."""

import functools
import math
import re

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.core.loop import contains_convolution
from ganjax.networks import conv
from ganjax.networks.sliding_windows import overlap_add, sliding_windows

FAST = sorted(set(conv.FORMS) - {"stock"})


def arrays(*shapes, dtype=jnp.float32):
    keys = jax.random.split(jax.random.key(0), len(shapes))
    return [
        jax.random.normal(key, shape, dtype)
        for key, shape in zip(keys, shapes, strict=True)
    ]


def orders(function, *args):
    """Return the value, both gradients, and both gradients of a scalar of these."""

    def once(*args):
        return jnp.sum(jnp.sin(function(*args)))

    def twice(*args):
        return sum(jnp.sum(jnp.cos(x)) for x in jax.grad(once, (0, 1))(*args))

    @jax.jit
    def all_of_them(*args):
        return (
            function(*args),
            *jax.grad(once, (0, 1))(*args),
            *jax.grad(twice, (0, 1))(*args),
        )

    return all_of_them(*args)


def assert_equal_to_rounding(found, expected, tolerance):
    for a, b in zip(found, expected, strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
        assert np.abs(a - b).max() <= tolerance * np.abs(b).max()


@pytest.mark.parametrize("form", FAST)
@pytest.mark.parametrize("operation", [conv.convolve, conv.convolve_transpose])
@pytest.mark.parametrize(
    ("taps", "stride", "size"),
    [(4, 2, 8), (4, 2, 7), (3, 1, 6), (3, 1, 5), (3, 2, 8), (1, 1, 4), (1, 2, 4)],
)
def test_forms_are_the_stock_one(form, operation, taps, stride, size):
    x, kernel = arrays((2, size, size + 2, 3), (taps, taps, 3, 5))
    function = functools.partial(operation, stride=stride)
    with conv.form("stock"):
        expected = orders(function, x, kernel)
    with conv.form(form):
        found = orders(function, x, kernel)
    assert_equal_to_rounding(found, expected, 1e-5)


@pytest.mark.parametrize("form", FAST)
@pytest.mark.parametrize(
    ("operation", "taps", "stride", "size", "channels"),
    [
        (conv.convolve, 4, 1, 6, (3, 5)),
        (conv.convolve, 3, 1, 5, (5, 3)),
        (conv.convolve, 5, 1, 7, (5, 3)),
        (conv.convolve, 4, 2, 7, (3, 5)),
        (conv.convolve_transpose, 3, 2, 4, (3, 5)),
    ],
)
def test_forms_with_a_border_are_the_stock_one(
    form, operation, taps, stride, size, channels
):
    x, kernel = arrays((2, size, size + 2, channels[0]), (taps, taps, *channels))
    kernel = kernel / taps  # the sine of a large output would enlarge its rounding
    function = functools.partial(operation, stride=stride, border=1)
    with conv.form("stock"):
        expected = orders(function, x, kernel)
    with conv.form(form):
        found = orders(function, x, kernel)
    assert_equal_to_rounding(found, expected, 1e-5)


def test_patches_are_of_the_fewer_channels():
    """Patches use the 3 image channels. Patches of 64 channels would be much larger."""
    x, kernel = arrays((2, 8, 8, 64), (3, 3, 64, 3))

    def loss(x, kernel):
        return jnp.sum(conv.convolve(x, kernel) ** 2)

    with conv.form("im2col"):
        program = jax.jit(jax.grad(loss, (0, 1))).lower(x, kernel).as_text()
    shapes = re.findall(r"tensor<([0-9x]+)xf32>", program)
    sizes = [math.prod(map(int, shape.split("x"))) for shape in shapes]
    # Patches of three channels are smaller than the 64 channels themselves.
    assert x.size in sizes
    assert max(sizes) == x.size


def test_the_stock_form_is_laxs():
    x, kernel = arrays((2, 6, 8, 3), (4, 4, 3, 5))
    with conv.form("stock"):
        np.testing.assert_array_equal(
            conv.convolve(x, kernel, stride=2),
            jax.lax.conv_general_dilated(
                x, kernel, (2, 2), "SAME", dimension_numbers=conv.DIMENSIONS
            ),
        )
        np.testing.assert_allclose(
            conv.convolve_transpose(x, kernel),
            jax.lax.conv_transpose(
                x, kernel, (2, 2), "SAME", dimension_numbers=conv.DIMENSIONS
            ),
            rtol=1e-5,
            atol=1e-5,
        )


@pytest.mark.parametrize("form", FAST)
def test_bfloat16_is_no_worse_than_the_stock_form(form):
    """Both forms sum in single precision and then round to 8 bits."""
    exact = arrays((2, 8, 8, 16), (4, 4, 16, 16))
    rounded = [x.astype(jnp.bfloat16) for x in exact]
    function = functools.partial(conv.convolve, stride=2)
    with conv.form("stock"):
        truth = function(*(x.astype(jnp.float32) for x in rounded))
    with conv.form(form):
        found = function(*rounded)
    assert found.dtype == jnp.bfloat16
    error = np.abs(np.asarray(found, np.float32) - truth)
    assert np.all(error <= 2.0**-8 * np.abs(truth) + 1e-4)


@pytest.mark.parametrize("form", FAST)
def test_forms_under_vmap_over_kernels(form):
    """Each member of a population has its own kernel."""
    x, kernels = arrays((2, 8, 8, 3), (3, 4, 4, 3, 5))
    with conv.form(form):
        together = jax.vmap(conv.convolve_transpose, (None, 0))(x, kernels)
        alone = [conv.convolve_transpose(x, kernel) for kernel in kernels]
    np.testing.assert_allclose(together, jnp.stack(alone), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("taps", [1, 3, 5])
def test_resampling_fused_with_a_convolution(taps):
    """The fused operation equals the two operations one after the other."""
    x, kernel = arrays((2, 6, 4, 3), (taps, taps, 3, 5))
    large = conv.convolve(x.repeat(2, axis=1).repeat(2, axis=2), kernel)
    np.testing.assert_allclose(
        conv.upsample_convolve(x, kernel), large, rtol=1e-4, atol=1e-4
    )
    plain = conv.convolve(x, kernel)
    means = (
        plain[:, ::2, ::2] + plain[:, 1::2, ::2] + plain[:, ::2, 1::2]
        + plain[:, 1::2, 1::2]
    ) / 4  # fmt: skip
    np.testing.assert_allclose(
        conv.convolve_downsample(x, kernel), means, rtol=1e-4, atol=1e-4
    )


def block_diagonal(kernel, groups):
    """Return a kernel ``[k, l, I, O]`` with zeros between different groups."""
    k, _, inside, outputs = kernel.shape
    grouped = kernel.reshape(k, k, 1, inside, groups, outputs // groups)
    apart = jnp.eye(groups).reshape(1, 1, groups, 1, groups, 1)
    return (grouped * apart).reshape(k, k, groups * inside, outputs)


@pytest.mark.parametrize(
    ("form", "taps", "stride"),
    [
        ("stock", 4, 2),
        ("im2col", 4, 2),
        ("winograd", 3, 1),
        pytest.param("stock", 3, 1, marks=pytest.mark.full),
        pytest.param("im2col", 3, 1, marks=pytest.mark.full),
        *(pytest.param(form, 1, 1, marks=pytest.mark.full) for form in conv.FORMS),
    ],
)
def test_groups_are_a_kernel_with_zeros(form, taps, stride):
    groups = 3
    x, kernel = arrays((2, 6, 8, 3 * 2), (taps, taps, 2, 3 * 4))
    with conv.form("stock"):
        expected = orders(
            lambda x, k: conv.convolve(x, block_diagonal(k, groups), stride=stride),
            x,
            kernel,
        )
    with conv.form(form):
        found = orders(
            functools.partial(conv.convolve, stride=stride, groups=groups), x, kernel
        )
    assert_equal_to_rounding(found, expected, 1e-5)


def test_groups_are_feature_groups_elsewhere_and_products_on_the_cpu():
    x, kernel = arrays((2, 8, 8, 64), (3, 3, 16, 64))

    def penalty(kernel):
        def total(x):
            return jnp.sum(jnp.sin(conv.convolve(x, kernel, groups=4)))

        return jnp.sum(jax.grad(total)(x) ** 2)

    gradient = jax.jit(jax.grad(penalty))
    assert not contains_convolution(jax.make_jaxpr(gradient)(kernel).jaxpr, "cpu")
    text = jax.export.export(gradient, platforms=["cuda"])(kernel).mlir_module()
    convolutions = [line for line in text.splitlines() if "convolution(" in line]
    assert convolutions
    for line in convolutions:
        assert "feature_group_count = 4" in line and "batch_group_count = 1" in line


@pytest.mark.parametrize(("size", "stride"), [(3, 2), (4, 2), (3, 1), (1, 2)])
def test_overlap_add_is_the_adjoint_of_windows(size, stride):
    (x,) = arrays((2, 8, 9, 3))
    grid = sliding_windows(x, (size, size), stride)
    others = [arrays(*(entry.shape for entry in row)) for row in grid]
    back = overlap_add(others, stride)
    whole = np.zeros_like(x)
    height, width = (min(a, b) for a, b in zip(back.shape[1:3], x.shape[1:3], strict=1))
    whole[:, :height, :width] = back[:, :height, :width]
    left = sum(
        np.vdot(a, b)
        for rows in zip(grid, others, strict=True)
        for a, b in zip(*rows, strict=True)
    )
    np.testing.assert_allclose(left, np.vdot(x, whole), rtol=1e-4)


def test_a_program_for_the_cpu_holds_no_convolution():
    """So loops and conditionals cost nothing on the CPU. On other devices the stock
    form is fast."""
    x, kernel = arrays((2, 8, 8, 16), (4, 4, 16, 16))
    gradient = jax.grad(lambda x, k: jnp.sum(conv.convolve(x, k, stride=2) ** 2), 1)
    jaxpr = jax.make_jaxpr(gradient)(x, kernel).jaxpr
    assert not contains_convolution(jaxpr, "cpu")
    assert contains_convolution(jaxpr, "tpu")
    assert contains_convolution(jaxpr, "cuda")
    assert "convolution" not in jax.jit(gradient).lower(x, kernel).as_text()


def test_an_unknown_form_is_refused():
    with pytest.raises(ValueError, match="form='fft'"), conv.form("fft"):
        pass
