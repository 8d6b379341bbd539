"""The base class of generators and encoders."""

import flax.linen as nn
import jax.numpy as jnp


class Shaped(nn.Module):
    """A network with outputs ``[n, *shape]``. A subclass writes
    ``__call__(z, label=None, *, train)``.

    The attributes below follow from the rest of the config; they are not options.

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
        """Whether the scale and shift of a normalisation can depend on a label or a
        latent."""
        return getattr(self, "normalization", "none") == "batch"
