"""SNGAN's residual networks (Miyato et al. 2018, arXiv 1802.05957, appendix B.4, tables
4 to 6): batch normalisation in the generator, spectral norm in the discriminator. The
discriminator's features are summed over all pixels. With ``pooling`` they can be
averaged, as in WGAN-GP's critic (Gulrajani et al. 2017, arXiv 1704.00028, appendix F).

Image sizes follow the rule of ``sizes``, up to 1024 pixels. Published are 32 pixels
(the paper's CIFAR-10), 48 (STL-10), 64 and 128 (ImageNet; 64 as in the authors' code of
arXiv 1802.05637), with ``width`` 64. Up to 32 pixels all layers have 256 channels in
the generator, 128 in the discriminator. Other generators go from 1024 (40 to 56 pixels:
512) down to 64, discriminators from 64 to 1024.

Parameters at 3 image channels and 128-dimensional latents, without labels: generator
4,276,739 (32 pixels), 4,878,083 (48), 12,220,675 (64), 32,150,787 (128), discriminator
1,053,825, 10,141,441, 10,141,441, 29,017,857, as in mimicry (Lee & Town 2020, arXiv
2005.02494, commit a7fda06). The defaults are the authors'. mimicry's networks differ in
three points, which are options: the generator upsamples bilinearly
(``upsampling="bilinear"``), conditional gains start at N(1, 0.02²)
(``gain_deviation=0.02``), and the shortcuts of the discriminator's blocks after the
first read ReLU(x), because the ReLU there overwrites x (``rectified_shortcut``). Biases
start at 0 here, and at U(±1/√inputs) in mimicry, PyTorch's default.
"""

import dataclasses

import flax.linen as nn

from ganjax.networks import residual
from ganjax.networks.critic import Critic
from ganjax.networks.layers import NORMALIZATIONS, condition
from ganjax.networks.shaped import Shaped
from ganjax.options import option

PLANS = {
    32: residual.Plan((4, 4, 4, 4), (2, 2, 2, 2), halvings=2),
    48: residual.Plan((8, 4, 2, 1), (1, 2, 4, 8, 16), halvings=4),
    64: residual.Plan((16, 8, 4, 2, 1), (1, 2, 4, 8, 16), halvings=5),
    128: residual.Plan((16, 16, 8, 4, 2, 1), (1, 2, 4, 8, 16, 16), halvings=5),
}


def plan_for(doublings: int) -> residual.Plan:
    """Return the blocks of the networks for an image size that is not published.
    ``doublings`` is the number of blocks that double the generator's smallest feature
    map. Up to 28 pixels the channels are those for 32. Above, each lower resolution has
    twice the channels, up to 16 times the width."""
    k = doublings
    if k < 3:
        return residual.Plan((4,) * (k + 1), (2,) * 4, halvings=min(k, 2))
    generator = tuple(min(16, 1 << (k - i)) for i in range(k + 1))
    discriminator = tuple(min(16, 1 << i) for i in range(max(k, 4) + 1))
    return residual.Plan(generator, discriminator, halvings=k)


# Glorot & Bengio 2010, uniform; in blocks with the gain √2, as in the authors' code.
glorot = nn.initializers.variance_scaling(1.0, "fan_avg", "uniform")
glorot_in_blocks = nn.initializers.variance_scaling(2.0, "fan_avg", "uniform")


class Generator(Shaped):
    """``z [n, d] (and label [n]) -> images [n, H, W, C]`` in [-1, 1]."""

    width: int = option(64, "base channels; each layer has a multiple", least=1)
    normalization: str = option("batch", "of hidden layers", choices=NORMALIZATIONS)
    upsampling: str = option(
        "repeat", "how a block doubles its input", choices=residual.UPSAMPLINGS
    )
    gain_deviation: float = option(
        0.0, "deviation from 1 of the first conditional gains", least=0
    )

    @nn.compact
    def __call__(self, z, label=None, *, train):
        plan = residual.plan_of(PLANS, plan_for, self.shape)
        given = condition(self.conditioning, self.classes, z, label)
        if given is not None and self.gain_deviation:
            start = nn.initializers.normal(self.gain_deviation)
            given = dataclasses.replace(given, scale_init=start)
        blocks = [given] * plan.doublings
        style = residual.style_of(self, glorot, glorot_in_blocks)
        return residual.generate(self, z, plan, style, blocks, train=train)


class Discriminator(Critic):
    """``images [n, H, W, C] -> logits [n]``."""

    width: int = option(64, "base channels; each layer has a multiple", least=1)
    normalization: str = option("spectral", "of hidden layers", choices=NORMALIZATIONS)
    pooling: str = option("sum", "of features over pixels", choices=residual.POOLINGS)
    rectified_shortcut: bool = option(False, residual.RECTIFIED)

    @nn.compact
    def full_output(self, x, label=None, *, train):
        plan = residual.plan_of(PLANS, plan_for, x.shape[1:])
        style = residual.style_of(self, glorot, glorot_in_blocks)
        x = residual.pooled_features(
            self, x, plan, style, wide=False, pooling=self.pooling, train=train
        )
        return self.head(x, label, **style.of_layer())
