"""All convolutions of ganjax; images are NHWC, kernels HWIO.

A convolution is three maps: the output from input and kernel, and the gradients of
both, each linear in the two things that it is made from. A *form* computes all three;
the gradient of each map is made of the other two, so a form is fast in gradients of any
order. Forms are equal to rounding; which one runs is chosen by platform and shape.
(Reverse mode only: like every ``jax.custom_vjp``, these have no forward-mode
derivative.)
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
    """One way to compute a convolution's three maps, each ``(a, b, geometry) -> c``. A
    module with these functions is a form too."""

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

# Forms that are not there for every kernel and stride.
LIMITED = {"winograd": winograd.applies, "subpixel": subpixel.applies}

# With fewer channels than this the transforms of a tile cost more than they save.
FEWEST_WINOGRAD_CHANNELS = 16
# Of so few channels, those of an image, cuDNN makes eight, or does without the matrix
# units of a GPU.
MOST_PATCHED_CHANNELS = 4

_chosen = contextvars.ContextVar("form", default=None)


@contextlib.contextmanager
def form(name: str) -> Iterator[None]:
    """Programs traced inside use the form ``name`` on every platform, wherever there is
    such a form, and the stock one elsewhere; for tests and benchmarks.

    Raises:
      ValueError: for a name that is not in ``FORMS``.
    """
    if name not in FORMS:
        raise ValueError(f"form={name!r}: one of {sorted(FORMS)}")
    token = _chosen.set(name)
    try:
        yield
    finally:
        _chosen.reset(token)


def convolve(
    x: jax.Array, kernel: jax.Array, *, stride: int = 1, groups: int = 1
) -> jax.Array:
    """``[n, H, W, I]`` by ``[k, l, I / groups, O]`` with zero padding to
    ``⌈H / stride⌉``.

    With ``groups`` the channels of input and output fall into as many runs of
    neighbours, and a run of outputs sees the one run of inputs in its place.
    """
    geometry = _geometry(x.shape[1:3], kernel, stride)
    if groups == 1:
        return _map("forward", geometry, x, kernel)
    # The stock form becomes a convolution of feature groups, the others products with a
    # batch of matrices, and so do the gradients of each.
    x = x.reshape(*x.shape[:3], groups, -1)
    kernel = kernel.reshape(*kernel.shape[:3], groups, -1)
    apart = jax.vmap(functools.partial(_map, "forward", geometry), 3, 3)
    y = apart(x, kernel)
    return y.reshape(*y.shape[:3], -1)


def convolve_transpose(
    x: jax.Array, kernel: jax.Array, *, stride: int = 2
) -> jax.Array:
    """``[n, H, W, I]`` by ``[k, l, I, O]`` to ``[n, H·stride, W·stride, O]``: the
    adjoint of ``convolve`` up to the flip of the kernel (fractional stride)."""
    adjoint = jnp.flip(kernel, (0, 1)).swapaxes(2, 3)
    size = [n * stride for n in x.shape[1:3]]
    return _map("input_gradient", _geometry(size, adjoint, stride), x, adjoint)


def upsample_convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """``convolve`` of ``x [n, H, W, I]`` enlarged twice by repeating pixels, to
    ``[n, 2H, 2W, O]``, for odd ``k``.

    A pixel and its copies are met by neighbouring weights: the whole is a transposed
    convolution by the kernel smeared over 2×2 pixels (9 → 4 products a pixel for 3×3).
    """
    if kernel.shape[:2] == (1, 1):
        return upsample(convolve(x, kernel))
    return convolve_transpose(x, _smeared(kernel))


def convolve_downsample(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """The average over 2×2 pixels of ``convolve``, ``[n, H/2, W/2, O]``, for odd ``k``
    and even ``H``, ``W``: one convolution of stride 2 (36 → 16 products a pixel of a
    3×3 kernel)."""
    if kernel.shape[:2] == (1, 1):
        return convolve(downsample(x), kernel)
    return convolve(x, _smeared(kernel) / 4, stride=2)


def upsample(x: jax.Array) -> jax.Array:
    """``[n, H, W, C]`` to ``[n, 2H, 2W, C]``: every pixel four times."""
    n, h, w, c = x.shape
    x = jnp.broadcast_to(x.reshape(n, h, 1, w, 1, c), (n, h, 2, w, 2, c))
    return x.reshape(n, 2 * h, 2 * w, c)


def downsample(x: jax.Array) -> jax.Array:
    """``[n, H, W, C]`` to ``[n, H/2, W/2, C]``: means of 2×2 pixels."""
    n, h, w, c = x.shape
    return x.reshape(n, h // 2, 2, w // 2, 2, c).mean((2, 4))


def _smeared(kernel):
    """The full convolution of ``kernel [k, l, I, O]`` with 2×2 ones."""
    rows = jnp.pad(kernel, ((0, 1), (0, 0), (0, 0), (0, 0)))
    rows = rows + jnp.pad(kernel, ((1, 0), (0, 0), (0, 0), (0, 0)))
    both = jnp.pad(rows, ((0, 0), (0, 1), (0, 0), (0, 0)))
    return both + jnp.pad(rows, ((0, 0), (1, 0), (0, 0), (0, 0)))


def _geometry(size, kernel, stride):
    return Geometry(tuple(size), kernel.shape[:2], stride)


# By map, the maps that make its arguments. A map is linear in both of them, so those
# are its gradients too.
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


# A discriminator is traced several times a step and most of its convolutions are alike;
# all branches of each are traced every time if nobody keeps them.
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
    # Patches are of the inputs: those of many channels are too much to write.
    return "im2col" if channels[0] <= MOST_PATCHED_CHANNELS else "subpixel"


def _is_there(name, geometry):
    applies = LIMITED.get(name)
    return applies is None or applies(geometry.kernel, geometry.stride)


def _in_form(name, which, geometry, widened=True):
    """``widened``: whether what a form of our own is given is made of single precision,
    for platforms whose products of less are slow."""
    function = getattr(FORMS[name if _is_there(name, geometry) else "stock"], which)

    def compute(a, b):
        if name == "stock":
            return function(a, b, geometry)
        # Sums inside a form are of single precision, as those of stock ones are.
        wide = jnp.promote_types(a.dtype, jnp.float32) if widened else a.dtype
        return function(a.astype(wide), b.astype(wide), geometry).astype(a.dtype)

    return compute
