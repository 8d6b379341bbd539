"""SAGAN (Zhang et al. 2019, arXiv 1805.08318): SNGAN's residual networks with
self-attention at one resolution and spectral norm in both players.

The published network is for 128 pixels, with ``width`` 64 and attention at 32×32
pixels. ``attention`` moves it to feature maps of another side (the paper's table 1), or
removes it with 0. The image sizes are SNGAN's. Attention is at the largest feature map
of at most 32 pixels a side that is smaller than the image: for 64 pixels at 32×32, for
48 at 24×24, for 8 to 14 nowhere. For 32 pixels it is at 16×16 in the generator and at
8×8 in the discriminator, as in Mimicry (Lee & Town 2020, arXiv 2005.02494).
PyTorch-StudioGAN (947b35e) has it at 16×16 in both. It also has orthogonal initial
kernels, spectral norm in the maps from the label to scale and shift, 1e-4 as epsilon of
batch normalisation, and shortcuts that read ReLU(x) in the discriminator. Each of these
is an option.

Parameters for 128 pixels with 1000 classes (conditional batch normalisation,
projection) and 128-dimensional latents: generator 42,078,852, discriminator 39,463,618;
for 32 pixels with 10 classes 4,386,308 and 1,075,586.
"""

import dataclasses

import flax.linen as nn

from ganjax.networks import residual, sngan_resnet
from ganjax.networks.critic import Critic
from ganjax.networks.layers import EPSILON, EPSILON_HELP, NORMALIZATIONS, condition
from ganjax.networks.shaped import Shaped
from ganjax.networks.sngan_resnet import glorot
from ganjax.options import option

INITIALISERS = {"glorot": glorot, "orthogonal": nn.initializers.orthogonal()}
_START = "first values of kernels"
_ATTENTION = {32: (16, 8), 48: (24, 24), 64: (32, 32), 128: (32, 32)}
PLANS = {
    size: dataclasses.replace(plan, attention=_ATTENTION[size])
    for size, plan in sngan_resnet.PLANS.items()
}


def plan_for(doublings: int) -> residual.Plan:
    """Return the blocks of the networks for an image size that is not published.
    ``doublings`` is the number of blocks that double the generator's smallest feature
    map."""
    plan = sngan_resnet.plan_for(doublings)
    return dataclasses.replace(plan, attention=(32, 32))


class Generator(Shaped):
    """``z [n, d] (and label [n]) -> images [n, H, W, C]`` in [-1, 1]."""

    width: int = option(64, "base channels; each layer has a multiple", least=1)
    attention: int = option(residual.PUBLISHED, residual.ATTENTION)
    # In addition to the batch normalisation (the paper's section 4.1).
    spectral: bool = option(True, "kernels have spectral norm 1")
    spectral_conditions: bool = option(
        False, "maps from label to scale and shift have it too, and start as kernels do"
    )
    initialiser: str = option("glorot", _START, choices=tuple(INITIALISERS))
    epsilon: float = option(EPSILON, EPSILON_HELP, above=0)

    takes_conditions = True

    @nn.compact
    def __call__(self, z, label=None, *, train):
        plan = residual.plan_of(PLANS, plan_for, self.shape, self.attention)
        init = INITIALISERS[self.initialiser]
        given = condition(self.conditioning, self.classes, z, label)
        if given is not None and self.spectral_conditions:
            given = dataclasses.replace(given, spectral=True, kernel_init=init)
        style = residual.Style(
            "batch", self.spectral, self.dtype, init, epsilon=self.epsilon
        )
        by_block = [given] * plan.doublings
        return residual.generate(self, z, plan, style, by_block, train=train)


class Discriminator(Critic):
    """``images [n, H, W, C] -> logits [n]``."""

    width: int = option(64, "base channels; each layer has a multiple", least=1)
    attention: int = option(residual.PUBLISHED, residual.ATTENTION)
    normalization: str = option("spectral", "of hidden layers", choices=NORMALIZATIONS)
    initialiser: str = option("glorot", _START, choices=tuple(INITIALISERS))
    rectified_shortcut: bool = option(False, residual.RECTIFIED)

    @nn.compact
    def full_output(self, x, label=None, *, train):
        plan = residual.plan_of(PLANS, plan_for, x.shape[1:], self.attention)
        style = residual.style_of(self, INITIALISERS[self.initialiser])
        x = residual.pooled_features(self, x, plan, style, wide=True, train=train)
        return self.head(x, label, **style.of_layer())
