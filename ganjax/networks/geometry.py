"""The sizes of a zero-padded convolution."""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp


@dataclasses.dataclass(frozen=True)
class Geometry:
    """Sizes of a zero-padded convolution. ``input`` and ``kernel`` are (height, width)
    in pixels. ``border`` is the number of zeros on each side of an image. ``None``
    means as many zeros as give ⌈size / stride⌉ outputs."""

    input: tuple[int, int]
    kernel: tuple[int, int]
    stride: int
    border: int | None = None

    @property
    def output(self) -> tuple[int, int]:
        if self.border is None:
            return tuple(-(-size // self.stride) for size in self.input)
        sizes = zip(self.input, self.kernel, strict=True)
        free = [size + 2 * self.border - taps for size, taps in sizes]
        return tuple(n // self.stride + 1 for n in free)

    @property
    def padding(self) -> tuple[tuple[int, int], ...]:
        """The zeros that a kernel meets, ``((before, after), (before, after))`` along
        height and width. Without a border both numbers are as equal as possible, and an
        odd zero comes after. With a border, a stride may skip zeros or pixels at the
        end: the second number is then smaller than the border, or negative."""
        sizes = zip(self.input, self.kernel, self.output, strict=True)
        total = [(out - 1) * self.stride + taps - own for own, taps, out in sizes]
        if self.border is not None:
            return tuple((self.border, n - self.border) for n in total)
        return tuple((max(n, 0) // 2, max(n, 0) - max(n, 0) // 2) for n in total)

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
