"""The base class of generators and encoders, and the sides of networks that double."""

import flax.linen as nn
import jax.numpy as jnp

from ganjax.errors import BadInput, shape_text


class Shaped(nn.Module):
    """A network with outputs ``[n, *shape]``. The builder fills in its fields. A
    subclass writes ``__call__(z, label=None, *, train)``.

    Attributes:
      shape: the shape of one output.
      dtype: the type of products. Parameters and outputs are float32.
      conditioning, classes: how the network takes a label, and the number of labels.
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
    """Return the sides 4, 8, … up to the side of images of ``shape``.

    Raises:
      BadInput: unless both sides are the same power of two from 8 to ``largest``.
    """
    found = [2**k for k in range(2, largest.bit_length())]
    if len(shape) != 3 or shape[0] != shape[1] or shape[0] not in found[1:]:
        raise BadInput(
            f"expected square images of a power of two from 8 to {largest} pixels a "
            f"side, not {shape_text(shape)}"
        )
    return found[: found.index(shape[0]) + 1]
