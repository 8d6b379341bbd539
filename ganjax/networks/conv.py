"""All convolutions of ganjax. Images are NHWC, kernels HWIO.

A convolution has three maps: the output, the gradient of the input, and the gradient of
the kernel. Each map is linear in its two arguments. A *form* computes all three. The
gradients of a map use the other two maps, so a form is fast in gradients of any order.
All forms agree up to rounding. The platform and the shapes decide which form runs.
(Reverse mode only: a ``jax.custom_vjp`` has no forward-mode derivative.)
"""

import contextlib
import contextvars
import dataclasses
import functools
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp

from ganjax.networks import im2col, subpixel, winograd
from ganjax.networks.geometry import Geometry

DIMENSIONS = ("NHWC", "HWIO", "NHWC")


@dataclasses.dataclass(frozen=True)
class Form:
    """One way to compute the output of a convolution and its two gradients. A Python
    module with these three functions is also a form.

    Attributes:
      forward: ``(x, kernel, geometry) -> y``.
      input_gradient: ``(ȳ, kernel, geometry) -> x̄``, where ȳ is the gradient of ``y``.
      kernel_gradient: ``(x, ȳ, geometry) -> k̄``, the gradient of the kernel.
    """

    forward: Callable
    input_gradient: Callable
    kernel_gradient: Callable


def _stock(x, kernel, geometry):
    return jax.lax.conv_general_dilated(
        x,
        kernel,
        (geometry.stride, geometry.stride),
        geometry.padding,
        dimension_numbers=DIMENSIONS,
    )


def _stock_input_gradient(cotangent, kernel, geometry):
    shape = (cotangent.shape[0], *geometry.input, kernel.shape[2])
    x = jax.ShapeDtypeStruct(shape, cotangent.dtype)
    (x,) = jax.linear_transpose(lambda x: _stock(x, kernel, geometry), x)(cotangent)
    return x


def _stock_kernel_gradient(x, cotangent, geometry):
    shape = (*geometry.kernel, x.shape[-1], cotangent.shape[-1])
    kernel = jax.ShapeDtypeStruct(shape, x.dtype)
    transposed = jax.linear_transpose(lambda k: _stock(x, k, geometry), kernel)
    return transposed(cotangent)[0]


FORMS = {
    "stock": Form(_stock, _stock_input_gradient, _stock_kernel_gradient),
    "im2col": im2col,
    "winograd": winograd,
    "subpixel": Form(_stock, subpixel.input_gradient, _stock_kernel_gradient),
}

# Forms that support only some kernels and strides.
LIMITED = {"winograd": winograd.applies, "subpixel": subpixel.applies}

# With fewer channels than this, the transforms of a tile cost more than they save.
FEWEST_WINOGRAD_CHANNELS = 16
# For as few channels as an image has, cuDNN pads to eight, or does not use the matrix
# units of a GPU.
MOST_PATCHED_CHANNELS = 4

_chosen = contextvars.ContextVar("form", default=None)


@contextlib.contextmanager
def form(name: str) -> Iterator[None]:
    """Compute convolutions in the form ``name`` in all programs that are traced inside
    the ``with`` block, on every platform. A convolution that this form does not support
    uses ``stock``. For tests and benchmarks.

    Raises:
      ValueError: for a name that is not in ``FORMS``.
    """
    if name not in FORMS:
        raise ValueError(f"form={name!r}: expected one of {sorted(FORMS)}")
    token = _chosen.set(name)
    try:
        yield
    finally:
        _chosen.reset(token)


def convolve(
    x: jax.Array,
    kernel: jax.Array,
    *,
    stride: int = 1,
    groups: int = 1,
    border: int | None = None,
) -> jax.Array:
    """Convolve ``x [n, H, W, I]`` by ``kernel [k, l, I / groups, O]`` with zero padding
    to ``[n, ⌈H / stride⌉, …, O]``.

    ``groups`` divides the channels of input and output into equal runs of neighbours.
    Each run of outputs sees only the run of inputs with the same index.

    With ``border`` there are exactly this many zeros on each side, and
    ``⌊(H + 2·border − k) / stride⌋ + 1`` rows in the output.
    """
    geometry = _geometry(x.shape[1:3], kernel, stride, border)
    if groups == 1:
        return _map("forward", geometry, x, kernel)
    # Under vmap the stock form becomes a convolution with feature groups, and the other
    # forms become batched matrix products. This also holds for their gradients.
    x = x.reshape(*x.shape[:3], groups, -1)
    kernel = kernel.reshape(*kernel.shape[:3], groups, -1)
    apart = jax.vmap(functools.partial(_map, "forward", geometry), 3, 3)
    y = apart(x, kernel)
    return y.reshape(*y.shape[:3], -1)


def convolve_transpose(
    x: jax.Array, kernel: jax.Array, *, stride: int = 2, border: int | None = None
) -> jax.Array:
    """Convolve ``[n, H, W, I]`` by ``[k, l, I, O]`` with a fractional stride, to
    ``[n, H·stride, W·stride, O]``: the adjoint of ``convolve`` with a flipped kernel.

    Raises:
      ValueError: if ``convolve`` with this ``border`` does not map that size to (H, W).
    """
    adjoint = jnp.flip(kernel, (0, 1)).swapaxes(2, 3)
    size = [n * stride for n in x.shape[1:3]]
    geometry = _geometry(size, adjoint, stride, border)
    if geometry.output != x.shape[1:3]:
        raise ValueError(f"border={border} maps {size} to {geometry.output}")
    return _map("input_gradient", geometry, x, adjoint)


def upsample_convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Repeat each pixel of ``x [n, H, W, I]`` over 2×2 pixels, then ``convolve`` by
    ``kernel [k, k, I, O]``, k odd: ``[n, 2H, 2W, O]``.

    Neighbouring weights of the kernel meet copies of one pixel. So both are done by one
    transposed convolution, whose kernel is the sum of the 2×2 shifts of ``kernel``. For
    a 3×3 kernel it has 4 products per output pixel, not 9.
    """
    if kernel.shape[:2] == (1, 1):
        return upsample(convolve(x, kernel))
    return convolve_transpose(x, _smeared(kernel))


def convolve_downsample(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Convolve ``x [n, H, W, I]`` by ``kernel [k, k, I, O]``, then average over 2×2
    pixels: ``[n, H/2, W/2, O]``, for k odd, H and W even. This is one convolution of
    stride 2. For a 3×3 kernel it has 16 products per output pixel, not 36."""
    if kernel.shape[:2] == (1, 1):
        return convolve(downsample(x), kernel)
    return convolve(x, _smeared(kernel) / 4, stride=2)


def upsample(x: jax.Array) -> jax.Array:
    """Repeat each pixel over 2×2 pixels: ``[n, H, W, C]`` to ``[n, 2H, 2W, C]``."""
    n, h, w, c = x.shape
    x = jnp.broadcast_to(x.reshape(n, h, 1, w, 1, c), (n, h, 2, w, 2, c))
    return x.reshape(n, 2 * h, 2 * w, c)


def downsample(x: jax.Array) -> jax.Array:
    """Average over 2×2 pixels: ``[n, H, W, C]`` to ``[n, H/2, W/2, C]``."""
    n, h, w, c = x.shape
    return x.reshape(n, h // 2, 2, w // 2, 2, c).mean((2, 4))


def _smeared(kernel):
    """Return the full convolution of ``kernel [k, l, I, O]`` with 2×2 ones."""
    rows = jnp.pad(kernel, ((0, 1), (0, 0), (0, 0), (0, 0)))
    rows = rows + jnp.pad(kernel, ((1, 0), (0, 0), (0, 0), (0, 0)))
    both = jnp.pad(rows, ((0, 0), (0, 1), (0, 0), (0, 0)))
    return both + jnp.pad(rows, ((0, 0), (1, 0), (0, 0), (0, 0)))


def _geometry(size, kernel, stride, border):
    return Geometry(tuple(size), kernel.shape[:2], stride, border)


# For each map, the maps that compute its two arguments. A map is linear in both, so the
# same maps compute its gradients.
_ARGUMENTS = {
    "forward": ("input_gradient", "kernel_gradient"),
    "input_gradient": ("forward", "kernel_gradient"),
    "kernel_gradient": ("input_gradient", "forward"),
}


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _map(which, geometry, a, b):
    of_both = which == "kernel_gradient"
    channels = (a.shape[-1], b.shape[-1]) if of_both else b.shape[2:]
    return _traced_once(_chosen.get(), which, geometry, channels, a, b)


def _kept(which, geometry, a, b):
    return _map(which, geometry, a, b), (a, b)


def _gradients(which, geometry, kept, cotangent):
    known = {which: cotangent, **dict(zip(_ARGUMENTS[which], kept, strict=True))}
    return tuple(
        _map(by, geometry, *(known[argument] for argument in _ARGUMENTS[by]))
        for by in _ARGUMENTS[which]
    )


_map.defvjp(_kept, _gradients)


# A discriminator is traced several times a step and most of its convolutions are alike.
# Without this cache, all branches of each convolution would be traced every time.
@functools.partial(jax.jit, static_argnums=(0, 1, 2, 3), inline=True)
def _traced_once(forced, which, geometry, channels, a, b):
    if forced is not None:
        return _in_form(forced, which, geometry)(a, b)
    on_cpu = _fastest_on_cpu(geometry, channels)
    return jax.lax.platform_dependent(
        a,
        b,
        cpu=_in_form(on_cpu, which, geometry),
        cuda=_in_form(_fastest_on_gpu(channels), which, geometry, widened=False),
        default=_in_form("stock", which, geometry),
    )


def _fastest_on_cpu(geometry, channels):
    if _is_there("winograd", geometry) and min(channels) >= FEWEST_WINOGRAD_CHANNELS:
        return "winograd"
    return "im2col"


def _fastest_on_gpu(channels):
    # im2col writes patches of the inputs: with many channels these are too large.
    return "im2col" if channels[0] <= MOST_PATCHED_CHANNELS else "subpixel"


def _is_there(name, geometry):
    applies = LIMITED.get(name)
    return applies is None or applies(geometry.kernel, geometry.stride)


def _in_form(name, which, geometry, widened=True):
    """Return a map in a form. ``widened``: inputs of forms other than ``stock`` are
    cast to single precision, for platforms that are slow at products of lower
    precision."""
    function = getattr(FORMS[name if _is_there(name, geometry) else "stock"], which)

    def compute(a, b):
        if name == "stock":
            return function(a, b, geometry)
        # Sums inside a form have single precision, as in the stock form.
        wide = jnp.promote_types(a.dtype, jnp.float32) if widened else a.dtype
        return function(a.astype(wide), b.astype(wide), geometry).astype(a.dtype)

    return compute
