"""What every discriminator is."""

import flax.linen as nn
import jax


class Critic(nn.Module):
    """A discriminator: ``judge`` tells all it has to say of a batch, and a plain call
    the logits alone.

    A subclass writes ``judge(x, label=None, *, train) -> Judgement`` as its compact
    method, which ends in ``heads.head``, and
    has the fields ``dtype``, ``conditioning`` and ``classes``, which are filled in.
    """

    @property
    def mixes_samples(self) -> bool:
        """Whether a logit depends on the other samples of its batch."""
        return getattr(self, "normalization", "none") == "batch"

    def __call__(
        self, x: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        """``x [n, …] -> logits [n]``."""
        return self.judge(x, label, train=train).logits
