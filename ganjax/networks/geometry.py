"""The sizes of a zero-padded convolution."""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp


@dataclasses.dataclass(frozen=True)
class Geometry:
    """Sizes of a zero-padded convolution. ``input`` and ``kernel`` are (height, width)
    in pixels."""

    input: tuple[int, int]
    kernel: tuple[int, int]
    stride: int

    @property
    def output(self) -> tuple[int, int]:
        return tuple(-(-size // self.stride) for size in self.input)

    @property
    def padding(self) -> tuple[tuple[int, int], ...]:
        """The zeros that pad an image, ``((before, after), (before, after))`` along
        height and width. Both numbers are as equal as possible, and an odd zero comes
        after."""
        sizes = zip(self.input, self.kernel, self.output, strict=True)
        total = [max((out - 1) * self.stride + k - own, 0) for own, k, out in sizes]
        return tuple((n // 2, n - n // 2) for n in total)

    def padded(self, x: jax.Array, whole: Sequence[int]) -> jax.Array:
        """Pad ``x [n, H, W, c]`` to ``whole``, (height, width): with the zeros of
        ``padding`` before it and zeros after it. If ``whole`` has too few pixels, the
        end of ``x`` is cut."""
        return _pad(x, self._edges(whole))

    def cropped(self, x: jax.Array) -> jax.Array:
        """Remove the padding of ``x [n, h, w, c]``: return ``[n, H, W, c]`` of the
        input's size. Pixels that ``x`` lacks at the end become zeros. This is the
        adjoint of ``padded``."""
        edges = self._edges(x.shape[1:3])
        return _pad(x, [(-before, -after) for before, after in edges])

    def _edges(self, whole):
        sizes = zip(whole, self.input, self.padding, strict=True)
        return [(before, size - before - own) for size, own, (before, _) in sizes]


def _pad(x, edges):
    zero = jnp.zeros((), x.dtype)
    return jax.lax.pad(x, zero, [(0, 0, 0), *((*e, 0) for e in edges), (0, 0, 0)])
