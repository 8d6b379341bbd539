"""What every discriminator is."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.heads import CriticOutput, head


class Critic(nn.Module):
    """A discriminator. A call returns its logits, ``full_output`` everything it
    computes for a batch. The builder fills its fields in.

    A subclass writes ``full_output(x, label=None, *, train) -> CriticOutput`` as its
    compact method, which ends in ``self.head``.
    """

    dtype: jnp.dtype = jnp.float32
    conditioning: str = "none"
    classes: int = 0

    @property
    def mixes_samples(self) -> bool:
        """Whether a logit depends on the other samples of its batch."""
        compares = getattr(self, "minibatch_discrimination", 0) > 0
        return compares or getattr(self, "normalization", "none") == "batch"

    def __call__(
        self, x: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        """``x [n, …] -> logits [n]``."""
        return self.full_output(x, label, train=train).logits

    def head(
        self, features: jax.Array, label: jax.Array | None, **options
    ) -> CriticOutput:
        """The judgement of ``features [n, d]``, asked for ``label [n]``; ``options`` as
        of ``heads.head``."""
        own = {"conditioning": self.conditioning, "classes": self.classes}
        return head(features, label, **own, **{"dtype": self.dtype, **options})
