"""BigGAN (Brock et al. 2019, arXiv 1809.11096, appendix B, table 4): SAGAN's residual
networks, but wider and with orthogonal initialisation (``initialiser``). All
conditional batch normalisations share one embedding of the label. Each block sees a
part of the latent.

The latent is cut into one chunk for the linear map and one for each block. Let ``c`` be
the label embedding joined to the block's chunk (without labels, the chunk alone). The
normalisations of the block have the gain ``1 + W c`` and the shift ``V c``. W and V
have spectral norm 1 and no bias.

Image sizes follow the rule of ``sizes``, up to 896 pixels. 128 pixels are as
published; 256, 512, 64 and 32 as in the first author's PyTorch code. Other sizes have
the blocks of the power of two with as many doublings: 96 pixels as 64, 192 as 128. The
published ``width`` is 96. For CIFAR-10 (32 pixels) that code uses 64, with normal
initialisation, ``embedding=0`` and ``hierarchical=False``. Attention is at
64×64 for 128 pixels and above, at 32×32 for 64, and nowhere for at most 56 pixels.
Other sizes have it at the largest feature map of at most that side. ``attention``
changes this: the generator that was released for 256 pixels has it at 128×128.

Parameters for 128 pixels with 1000 classes (conditional batch normalisation,
projection) and 120-dimensional latents: generator 70,433,988, discriminator 87,982,370,
as in compare_gan's test of its network. For 32 pixels with ``width`` 64, 10 classes and
128-dimensional latents: 4,373,251 and 4,207,361. For 256 pixels with 1000 classes and
119-dimensional latents (seven chunks of 17): 82,108,548 and 99,225,890. For 512 pixels
with 128-dimensional latents: 82,296,804 and 99,401,282.

PyTorch-StudioGAN (947b35e) differs from that code. For 32 pixels its discriminator has
half the channels, so its width 96 is 48 here. It may have attention at 16×16. The
epsilon of batch normalisation is 1e-4, and in the discriminator shortcuts read ReLU(x).
"""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.errors import BadInput
from ganjax.networks import layers, residual
from ganjax.networks.critic import Critic
from ganjax.networks.layers import EPSILON, EPSILON_HELP, NORMALIZATIONS, Linear
from ganjax.networks.residual import Plan
from ganjax.networks.shaped import Shaped
from ganjax.options import option

PLANS = {
    32: Plan((4, 4, 4, 4), (4, 4, 4, 4), halvings=2),
    64: Plan((16, 16, 8, 4, 2), (1, 2, 4, 8, 16), halvings=4, attention=(32, 32)),
    128: Plan(
        (16, 16, 8, 4, 2, 1), (1, 2, 4, 8, 16, 16), halvings=5, attention=(64, 64)
    ),
    256: Plan(
        (16, 16, 8, 8, 4, 2, 1),
        (1, 2, 4, 8, 8, 16, 16),
        halvings=6,
        attention=(64, 64),
    ),
    512: Plan(
        (16, 16, 8, 8, 4, 2, 1, 1),
        (1, 1, 2, 4, 8, 8, 16, 16),
        halvings=7,
        attention=(64, 64),
    ),
}
LARGEST = 896  # 7·2^7: 1024 pixels would need a further block, which is not published


def plan_for(doublings: int) -> Plan:
    """Return the blocks of the networks for an image size that is not published.
    ``doublings`` is the number of blocks that double the generator's smallest feature
    map."""
    if doublings >= 3:
        return PLANS[4 << doublings]
    return Plan((4,) * (doublings + 1), (4,) * 4, halvings=doublings)


INITIALISERS = {
    "orthogonal": nn.initializers.orthogonal(),
    "normal": layers.dcgan_init,
}
_START = "first values of kernels; normal: N(0, 0.02²)"


def chunks(z: jax.Array, blocks: int) -> list[jax.Array]:
    """Cut ``z [n, d]`` into one chunk for the linear map and one for each block.

    The chunks have equal lengths, but the first one also gets the remainder.

    Raises:
      BadInput: if a chunk would be empty.
    """
    size = z.shape[-1] // (blocks + 1)
    if size == 0:
        raise BadInput(
            f"expected latents of at least {blocks + 1} numbers, one for the linear "
            f"map and one for each block, not {z.shape[-1]}"
        )
    first = z.shape[-1] - size * blocks
    return jnp.split(z, [first + size * i for i in range(blocks)], axis=-1)


def conditions(
    network: nn.Module, z: jax.Array, label: jax.Array | None, blocks: int
) -> tuple[jax.Array, list[layers.Condition | None]]:
    """Return the generator's inputs from latents ``z [n, d]`` and ``label [n]``.

    Call it inside a compact method of a module with the fields of ``Generator``. With
    ``hierarchical``, ``self_modulation`` gives a block its chunk, not the whole latent.

    Returns:
      ``(first, conditions)``: the input of the linear map, and for each of the
      ``blocks`` the condition that its batch normalisations depend on, or ``None``.
    """
    layers.check_latents(z)
    label_input = label is not None and network.conditioning in layers.MODULATIONS
    shared = network.conditioning == "conditional_batch_norm" and network.embedding > 0
    init = INITIALISERS[network.initialiser]
    if not network.hierarchical and not shared:
        given = layers.condition(network.conditioning, network.classes, z, label)
        if network.conditioning == "conditional_batch_norm":
            given = dataclasses.replace(given, kernel_init=init)
        return z, [given] * blocks
    seen = []
    if label_input:
        vector = jax.nn.one_hot(label, network.classes)
        if network.embedding:
            # Without spectral norm, as in the authors' code.
            start = {"kernel_init": init, "dtype": network.dtype}
            embed = Linear(network.embedding, use_bias=False, name="embedding", **start)
            vector = embed(vector)
        seen = [vector]
    by_block = [seen] * blocks
    if network.hierarchical:
        z, *rest = chunks(z, blocks)
        by_block = [[*seen, chunk.astype(network.dtype)] for chunk in rest]
    return z, [
        layers.Condition(jnp.concatenate(c, -1), spectral=True, kernel_init=init)
        for c in by_block
    ]


class Generator(Shaped):
    """``z [n, d] (and label [n]) -> images [n, H, W, C]`` in [-1, 1].

    ``embedding`` is the length of the label embedding that all blocks share. With 0,
    each normalisation maps the one-hot label itself. Without ``hierarchical`` the
    latent is not cut: all of it enters the linear map. (Brock et al. 2019, table 1,
    compares both.)
    """

    width: int = option(96, "base channels; each layer has a multiple", least=1)
    embedding: int = option(128, "length of a label embedding", least=0, zero="none")
    hierarchical: bool = option(True, "each block sees a chunk of the latent")
    attention: int = option(residual.PUBLISHED, residual.ATTENTION)
    epsilon: float = option(EPSILON, EPSILON_HELP, above=0)
    initialiser: str = option("orthogonal", _START, choices=tuple(INITIALISERS))

    takes_conditions = True

    @nn.compact
    def __call__(self, z, label=None, *, train):
        plan = residual.plan_of(PLANS, plan_for, self.shape, self.attention, LARGEST)
        z, given = conditions(self, z, label, plan.doublings)
        style = residual.Style(
            "batch",
            True,
            self.dtype,
            INITIALISERS[self.initialiser],
            epsilon=self.epsilon,
        )
        return residual.generate(self, z, plan, style, given, train=train)


class Discriminator(Critic):
    """``images [n, H, W, C] -> logits [n]``. In the published network the product of
    the features and an embedding of the label is added to the logit (the conditioning
    ``projection``)."""

    width: int = option(96, "base channels; each layer has a multiple", least=1)
    attention: int = option(residual.PUBLISHED, residual.ATTENTION)
    normalization: str = option("spectral", "of hidden layers", choices=NORMALIZATIONS)
    rectified_shortcut: bool = option(False, residual.RECTIFIED)
    initialiser: str = option("orthogonal", _START, choices=tuple(INITIALISERS))

    @nn.compact
    def full_output(self, x, label=None, *, train):
        plan = residual.plan_of(PLANS, plan_for, x.shape[1:], self.attention, LARGEST)
        style = residual.style_of(self, INITIALISERS[self.initialiser])
        x = residual.pooled_features(self, x, plan, style, wide=True, train=train)
        return self.head(x, label, **style.of_layer())
