"""The base class of every discriminator."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.heads import EMBEDDING, CriticOutput, head
from ganjax.networks.minibatch_deviation import group_size
from ganjax.options import option


class Critic(nn.Module):
    """A discriminator.

    A call returns the logits. ``full_output`` returns all outputs for a batch. A
    subclass writes ``full_output(x, label=None, *, train) -> CriticOutput`` as its
    compact method, which usually ends in ``self.head``.

    Attributes:
      dtype: the type of products. Parameters and outputs are float32.
      conditioning: how the last layer uses the label (see ``heads.head``).
      classes: the number of labels.
      embedding: the length of the vectors that contrastive conditionings compare.
    """

    dtype: jnp.dtype = jnp.float32
    conditioning: str = "none"
    classes: int = 0
    embedding: int = option(
        EMBEDDING, "length of the vectors that 2C and D2D-CE compare", least=1,
        needs=("a critic with embeddings",),
    )  # fmt: skip

    @property
    def mixes_samples(self) -> bool:
        """Whether a logit depends on the other samples of its batch."""
        compares = getattr(self, "minibatch_discrimination", 0) > 0
        compares = compares or self.deviation_group > 1
        return compares or getattr(self, "normalization", "none") == "batch"

    @property
    def deviation_group(self) -> int:
        """The largest number of inputs whose standard deviation is a feature of the
        network; 1 if it has no such feature."""
        return 1

    def compared(self, n: int) -> int:
        """Return on how many inputs of a batch of ``n`` a logit depends in evaluation,
        the judged input included. They are neighbours, and their number divides ``n``.
        """
        if getattr(self, "minibatch_discrimination", 0) > 0:
            return n
        return group_size(n, self.deviation_group)

    def __call__(
        self, x: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        """Return the logits of ``x [n, …]``: ``[n]``, or ``[n, p]`` of ``patchgan``."""
        return self.full_output(x, label, train=train).logits

    def head(
        self, features: jax.Array, label: jax.Array | None, **options
    ) -> CriticOutput:
        """Apply the last layer to ``features [n, d]``, for ``label [n]`` or ``None``.
        ``options`` are further arguments of ``heads.head``."""
        own = {"conditioning": self.conditioning, "classes": self.classes}
        own["embedding"] = self.embedding
        return head(features, label, **own, **{"dtype": self.dtype, **options})
