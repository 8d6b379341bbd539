"""What every generator and encoder is, and the sizes of those that double."""

import flax.linen as nn
import jax.numpy as jnp

from ganjax.errors import BadInput, shape_text


class Shaped(nn.Module):
    """A network with outputs ``[n, *shape]``; a subclass writes ``__call__(z,
    label=None, *, train)``. The builder fills these fields in.

    Attributes:
      shape: of one output.
      dtype: of the products; parameters and outputs are float32.
      conditioning, classes: how it takes a label, and how many labels there are.
    """

    shape: tuple[int, ...]
    dtype: jnp.dtype = jnp.float32
    conditioning: str = "none"
    classes: int = 0

    @property
    def takes_conditions(self) -> bool:
        """Whether a normalisation may depend on a label or a latent."""
        return getattr(self, "normalization", "none") == "batch"


def sides(shape: tuple[int, ...], largest: int) -> list[int]:
    """4, 8, … up to the side of images of ``shape``.

    Raises:
      BadInput: if they are not square, of a power of two from 8 to ``largest``.
    """
    found = [2**k for k in range(2, largest.bit_length())]
    if len(shape) != 3 or shape[0] != shape[1] or shape[0] not in found[1:]:
        raise BadInput(
            f"expected square images of a power of two from 8 to {largest} pixels a "
            f"side, not {shape_text(shape)}"
        )
    return found[: found.index(shape[0]) + 1]
