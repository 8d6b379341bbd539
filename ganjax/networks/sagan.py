"""SAGAN (Zhang et al. 2019, arXiv 1805.08318): SNGAN's residual networks with
self-attention at one resolution and spectral norm in both players.

The published network is the one for 128 pixels with ``width`` 64 and attention at 32×32
pixels; ``attention`` moves it to feature maps of another side (the paper's table 1) or,
with 0, leaves it out. The other sizes are SNGAN's; of 64 pixels attention is at 32×32
too, of 48 at 24×24, of 32 as in Mimicry (Lee & Town 2020, arXiv 2005.02494) at 16×16 in
the generator, 8×8 in the discriminator.

Parameters for 128 pixels with 1000 classes (conditional batch normalisation,
projection) and 128-dimensional latents: generator 42,078,852, discriminator 39,463,618;
for 32 pixels with 10 classes 4,386,308 and 1,075,586.
"""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks import sngan_resnet
from ganjax.networks.critic import Critic
from ganjax.networks.heads import head
from ganjax.networks.layers import condition
from ganjax.networks.residual import (
    PUBLISHED,
    Style,
    generate,
    plan_of,
    pooled_features,
)
from ganjax.networks.sngan_resnet import glorot

_ATTENTION = {32: (16, 8), 48: (24, 24), 64: (32, 32), 128: (32, 32)}
PLANS = {
    size: dataclasses.replace(plan, attention=_ATTENTION[size])
    for size, plan in sngan_resnet.PLANS.items()
}


class Generator(nn.Module):
    """``z [n, d] (and label [n]) -> images [n, H, W, C]`` in [-1, 1].

    ``spectral`` is whether its kernels are of norm 1 too, besides the batch
    normalisation (the paper's section 4.1).
    """

    shape: tuple[int, ...]
    dtype: jnp.dtype = jnp.float32
    conditioning: str = "none"
    classes: int = 0
    width: int = 64
    attention: int = PUBLISHED
    spectral: bool = True

    @property
    def takes_conditions(self) -> bool:
        """Whether there is a normalisation that may depend on a label or a latent."""
        return True

    @nn.compact
    def __call__(
        self, z: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        plan = plan_of(PLANS, self.shape)
        given = condition(self.conditioning, self.classes, z, label)
        return generate(
            z,
            self.shape,
            plan,
            self.width,
            Style("batch", self.spectral, glorot, glorot, self.dtype),
            given=[given] * (len(plan.generator) - 1),
            attention=self.attention,
            train=train,
        )


class Discriminator(Critic):
    """``images [n, H, W, C] -> logits [n]``."""

    dtype: jnp.dtype = jnp.float32
    conditioning: str = "none"
    classes: int = 0
    width: int = 64
    attention: int = PUBLISHED
    normalization: str = "spectral"

    @nn.compact
    def judge(self, x, label=None, *, train):
        plan = plan_of(PLANS, x.shape[1:])
        spectral = self.normalization == "spectral"
        style = Style(self.normalization, spectral, glorot, glorot, self.dtype)
        x = pooled_features(
            x,
            plan,
            self.width,
            style,
            wide=True,
            attention=self.attention,
            train=train,
        )
        return head(
            x,
            label,
            conditioning=self.conditioning,
            classes=self.classes,
            **style.of_layer(),
        )
