"""DCGAN (Radford, Metz, Chintala 2016, arXiv 1511.06434, section 3): strided and
transposed convolutions, no hidden fully connected layer, leaky ReLU in the
discriminator, ReLU and tanh in the generator.

For any square resolution of the form base·2^k with a base from 4 to 7: 8, 16, 28, 32,
64 … pixels. The published network is the one for 64 pixels with ``width`` 128 (and
batch normalisation in both players); kernels are 4×4, which stride 2 covers evenly.

Parameters of the generator with levels k, channels c_i = width·2^(k−1−i), base b and C
image channels: d·b²·c_0 + Σ 16·c_i·c_{i+1} + 16·c_{k−1}·C + C, and 2·Σ c_i of the
batch normalisations, or b²·c_0 + Σ_{i>0} c_i biases in their place. The discriminator
mirrors it: 16·C·c_{k−1} + Σ 16·c_i·c_{i+1} + b²·c_0 + 1, c_{k−1} biases of the first
layer, and for each further channel 2 or 1.
"""

import math
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.critic import Critic
from ganjax.networks.heads import head
from ganjax.networks.layers import Conv, Linear, condition, dcgan_init, normalise
from ganjax.networks.minibatch_discrimination import among_others


def levels(shape: tuple[int, ...]) -> tuple[int, int]:
    """``(base, k)`` of images ``(H, W, C)`` with H = W = base · 2^k and 4 ≤ base ≤ 7;
    8 pixels are 4·2.

    Raises:
      ValueError: if there is no such pair.
    """
    base, k = shape[0], 0
    while base % 2 == 0 and base >= 8:
        base, k = base // 2, k + 1
    square = len(shape) == 3 and shape[0] == shape[1]
    if not square or not 4 <= base <= 7 or k == 0:
        raise ValueError(
            "expected square images of (4 to 7)·2^k pixels a side, k at least 1, not "
            + "×".join(map(str, shape))
        )
    return base, k


def transposed_stack(
    network: nn.Module,
    z: jax.Array,
    label: jax.Array | None,
    base: int,
    channels: Sequence[int],
    *,
    train: bool,
) -> jax.Array:
    """Latents to features ``[n, base·2^k, base·2^k, channels[-1]]``, k the channels
    after the first: 4×4 transposed convolutions of stride 2, normalised, with ReLU.
    Call inside a compact module with the fields of ``Generator``."""
    given = condition(network.conditioning, network.classes, z, label)
    options = {
        "use_bias": network.normalization != "batch",
        "spectral": network.normalization == "spectral",
        "kernel_init": dcgan_init,
        "dtype": network.dtype,
    }

    def activated(x):
        x = normalise(x, network.normalization, train=train, given=given)
        return nn.relu(x)

    x = Linear(base * base * channels[0], **options)(z)
    x = activated(x.reshape(x.shape[0], base, base, channels[0]))
    for features in channels[1:]:
        x = Conv(features, kernel=4, stride=2, transpose=True, **options)(x)
        x = activated(x)
    return x


class Generator(nn.Module):
    """``z [n, d] (and label [n]) -> images [n, H, W, C]`` in [-1, 1]."""

    shape: tuple[int, ...]
    dtype: jnp.dtype = jnp.float32
    conditioning: str = "none"
    classes: int = 0
    width: int = 64
    normalization: str = "batch"

    @property
    def takes_conditions(self) -> bool:
        """Whether there is a normalisation that may depend on a label or a latent."""
        return self.normalization == "batch"

    @nn.compact
    def __call__(
        self, z: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        base, k = levels(self.shape)
        channels = [self.width * 2 ** (k - 1 - i) for i in range(k)]
        x = transposed_stack(self, z, label, base, channels, train=train)
        x = Conv(self.shape[-1], kernel=4, stride=2, transpose=True, dtype=self.dtype)(
            x
        )
        return jnp.tanh(x.astype(jnp.float32))


def strided_stack(network: nn.Module, x: jax.Array, *, train: bool) -> jax.Array:
    """Images to features ``[n, base²·width·2^(k−1)]``: 4×4 convolutions of stride 2
    with leaky ReLU, normalised behind the first. Call inside a compact module with the
    fields of ``Discriminator``."""
    for i in range(levels(x.shape[1:])[1]):
        batch_norm = i > 0 and network.normalization == "batch"
        x = Conv(
            network.width * 2**i,
            kernel=4,
            stride=2,
            use_bias=not batch_norm,
            spectral=network.normalization == "spectral",
            dtype=network.dtype,
        )(x)
        if batch_norm:
            x = normalise(x, "batch", train=train)
        x = nn.leaky_relu(x, 0.2)
    return x.reshape(x.shape[0], -1)


class Encoder(nn.Module):
    """``images [n, H, W, C] -> [n, *shape]``: the discriminator's layers, with as many
    outputs as are asked for, unbounded."""

    shape: tuple[int, ...]
    dtype: jnp.dtype = jnp.float32
    conditioning: str = "none"
    classes: int = 0
    width: int = 64
    normalization: str = "batch"

    @nn.compact
    def __call__(self, x, label=None, *, train):
        x = strided_stack(self, x, train=train)
        x = Linear(math.prod(self.shape), kernel_init=dcgan_init, dtype=self.dtype)(x)
        return x.reshape(x.shape[0], *self.shape).astype(jnp.float32)


class Discriminator(Critic):
    """``images [n, H, W, C] -> logits [n]``. As in the paper the first layer is never
    batch-normalised."""

    dtype: jnp.dtype = jnp.float32
    conditioning: str = "none"
    classes: int = 0
    width: int = 64
    normalization: str = "none"
    minibatch_discrimination: int = 0  # kernels

    @property
    def mixes_samples(self) -> bool:
        return super().mixes_samples or self.minibatch_discrimination > 0

    @nn.compact
    def judge(self, x, label=None, *, train):
        return head(
            among_others(self, strided_stack(self, x, train=train)),
            label,
            conditioning=self.conditioning,
            classes=self.classes,
            spectral=self.normalization == "spectral",
            kernel_init=dcgan_init,
            dtype=self.dtype,
        )
