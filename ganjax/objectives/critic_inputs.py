"""Critic inputs made from samples: augmentation, noise, labels and packing.

Gradients pass through all of these changes, and real and generated samples are changed
alike. So the generator learns the data and not their augmentation (Zhao et al. 2020,
arXiv 2006.10738; Karras et al. 2020, arXiv 2006.06676). Penalties use the gradient with
respect to the sample before these changes.
"""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp


def joined(x: jax.Array, label: jax.Array, classes: int) -> jax.Array:
    """Append each sample's label to ``x [n, …, c]`` as one-hot channels: return
    ``[n, …, c + classes]`` for ``label [n]`` (Mirza & Osindero 2014, arXiv 1411.1784).
    """
    one_hot = jax.nn.one_hot(label, classes)
    one_hot = one_hot.reshape(one_hot.shape[:1] + (1,) * (x.ndim - 2) + (classes,))
    channels = jnp.broadcast_to(one_hot, x.shape[:-1] + (classes,))
    return jnp.concatenate([x, channels], axis=-1)


def pack(x: jax.Array, size: int) -> jax.Array:
    """Return ``x [n, …, c]`` as ``[n / size, …, size·c]``: each ``size`` consecutive
    samples become one sample with all their channels (PacGAN; Lin et al. 2018, arXiv
    1712.04086, section 3)."""
    n, *rest, c = x.shape
    x = jnp.moveaxis(x.reshape(n // size, size, *rest, c), 1, -2)
    return x.reshape(n // size, *rest, size * c)


def unpack(x: jax.Array, size: int) -> jax.Array:
    """Split packed samples: ``x [n, …, size·c]`` to ``[n·size, …, c]``. This inverts
    ``pack``."""
    n, *rest, c = x.shape
    x = jnp.moveaxis(x.reshape(n, *rest, size, c // size), -2, 1)
    return x.reshape(n * size, *rest, c // size)


@dataclasses.dataclass(frozen=True)
class CriticInputs:
    """How samples become the inputs of a critic.

    A knob is a number of the config that the compiled step takes as data.

    Attributes:
      augment: ``(keys [n], x [n, …], probability) -> x``, or ``None``.
      probability: name of the knob with the probability of each augmentation.
      noise: name of the knob with the standard deviation of the noise on every entry
        (Sønderby et al. 2017, arXiv 1610.04490); ``None`` for no noise.
      classes: number of one-hot channels that hold the label; 0 if no channel does.
      labelled: whether the critic takes the labels as its second input.
      packing: number of samples that the critic judges as one.
    """

    augment: Callable | None = None
    probability: str = "augmentation.probability"
    noise: str | None = None
    classes: int = 0
    labelled: bool = False
    packing: int = 1

    def shape(self, sample: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of one critic input. It includes the channels of labels and
        of packed samples. ``sample`` is the shape of one sample.

        Raises:
          BadInput: if an augmentation cannot change samples of this shape.
        """
        if (augment := self.augment) is not None:
            jax.eval_shape(
                lambda x: augment(jax.random.split(jax.random.key(0)), x, 1.0),
                jax.ShapeDtypeStruct((2, *sample), jnp.float32),
            )
        *size, channels = sample
        return (*size, (channels + self.classes) * self.packing)

    def pack(self, x: jax.Array) -> jax.Array:
        return x if self.packing == 1 else pack(x, self.packing)

    def __call__(self, view, side: str, x, label, probability) -> tuple[jax.Array, ...]:
        """Return the critic's inputs for packed samples ``x``, and for their labels if
        the critic takes them.

        Args:
          side: ``'real'``, ``'fake'`` or another name; each name has separate random
            draws.
          label: ``[n]``, one for each sample before packing, or ``None``.
          probability: probability of each augmentation.
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
        """Return the critic's inputs for samples ``x [n, …]`` and ``label [n]``,
        without augmentation and noise."""
        if self.classes:
            x = joined(x, label, self.classes)
        x = self.pack(x)
        return (x, label) if self.labelled else (x,)
