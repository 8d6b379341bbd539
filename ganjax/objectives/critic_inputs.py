"""What a critic is shown of a sample: augmented, with its label, several at once.

Everything stands inside the gradient, and real and generated samples are treated alike,
so the generator learns the data and not their augmentation (Zhao et al. 2020, arXiv
2006.10738; Karras et al. 2020, arXiv 2006.06676). Penalties are of the gradient with
respect to the sample as it was before.
"""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp


def joined(x: jax.Array, label: jax.Array, classes: int) -> jax.Array:
    """``x [n, …, c]`` with its label as ``classes`` more channels, 1 and 0 (Mirza &
    Osindero 2014, arXiv 1411.1784)."""
    one_hot = jax.nn.one_hot(label, classes)
    one_hot = one_hot.reshape(one_hot.shape[:1] + (1,) * (x.ndim - 2) + (classes,))
    told = jnp.broadcast_to(one_hot, x.shape[:-1] + (classes,))
    return jnp.concatenate([x, told], axis=-1)


def pack(x: jax.Array, size: int) -> jax.Array:
    """``[n, …, c]`` to ``[n / size, …, size·c]``: neighbours as one sample, over their
    channels (PacGAN; Lin et al. 2018, arXiv 1712.04086, section 3)."""
    n, *rest, c = x.shape
    x = jnp.moveaxis(x.reshape(n // size, size, *rest, c), 1, -2)
    return x.reshape(n // size, *rest, size * c)


def unpack(x: jax.Array, size: int) -> jax.Array:
    """The inverse of ``pack``."""
    n, *rest, c = x.shape
    x = jnp.moveaxis(x.reshape(n, *rest, size, c // size), -2, 1)
    return x.reshape(n * size, *rest, c // size)


@dataclasses.dataclass(frozen=True)
class CriticInputs:
    """How samples become the inputs of a critic.

    Attributes:
      augment: ``(keys [n], x [n, …], probability) -> x``, or ``None``.
      probability: name of the knob with the probability of each augmentation.
      noise: name of the knob with the standard deviation of noise on every entry
        (Sønderby et al. 2017, arXiv 1610.04490), ``None`` for none.
      classes: of labels that are joined to the sample; 0 where none are.
      labelled: whether the critic has the labels as its second input.
      packing: samples that it judges as one.
    """

    augment: Callable | None = None
    probability: str = "augmentation.probability"
    noise: str | None = None
    classes: int = 0
    labelled: bool = False
    packing: int = 1

    def shape(self, sample: tuple[int, ...]) -> tuple[int, ...]:
        """The shape in which the critic sees a sample, or a pack of them."""
        *size, channels = sample
        return (*size, (channels + self.classes) * self.packing)

    def pack(self, x: jax.Array) -> jax.Array:
        return x if self.packing == 1 else pack(x, self.packing)

    def __call__(self, view, side: str, x, label, probability) -> tuple[jax.Array, ...]:
        """The critic's inputs for packed samples.

        Args:
          side: ``'real'`` or ``'fake'``, which draw of their own; a name for others.
          probability: of each augmentation.
        """
        if self.packing > 1:
            x = unpack(x, self.packing)
        if self.augment is not None:
            keys = view.keys(f"augment/{side}", x.shape[0])
            x = self.augment(keys, x, probability)
        if self.noise is not None:
            keys = view.keys(f"noise/{side}", x.shape[0])
            drawn = jax.vmap(lambda key: jax.random.normal(key, x.shape[1:]))(keys)
            x = x + view.knobs[self.noise] * drawn
        return self.plain(x, label)

    def plain(self, x: jax.Array, label) -> tuple[jax.Array, ...]:
        """The critic's inputs for samples ``[n, …]`` as they are."""
        if self.classes:
            x = joined(x, label, self.classes)
        x = self.pack(x)
        return (x, label) if self.labelled else (x,)
