"""Residual networks as in SNGAN, SAGAN and BigGAN. A block has two 3×3 convolutions
with a ReLU before each, and may double or halve the resolution (Miyato et al. 2018,
arXiv 1802.05957, appendix B.4).

As in the authors' code, convolutions have biases even before batch normalisation, which
cancels them. So the parameter counts are the published ones.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.errors import BadInput
from ganjax.networks.attention import SelfAttention
from ganjax.networks.layers import (
    EPSILON,
    Condition,
    Conv,
    Linear,
    check_latents,
    normalise,
)
from ganjax.networks.resample import bilinear
from ganjax.networks.sizes import LARGEST, growth

# With this value the option ``attention`` takes the sides from the plan.
PUBLISHED = -1
ATTENTION = "shorter side of the feature maps with attention; 0: none, -1: as published"
# In some codes the first ReLU of a block works in place, so the shortcut also reads its
# output. A batch normalisation before this ReLU prevents it.
RECTIFIED = "shortcuts of blocks without batch normalisation read ReLU(x)"
UPSAMPLINGS = ("repeat", "bilinear")


@dataclasses.dataclass(frozen=True)
class Plan:
    """The blocks of a generator and a discriminator for one image size.

    Attributes:
      generator: channels of the smallest feature map, then of each block, as multiples
        of the network's width. Every block doubles height and width.
      discriminator: channels of each block, as multiples of the network's width.
      halvings: how many blocks of the discriminator, counted from the first, halve
        height and width.
      attention: shorter sides of the feature maps with attention in the generator and
        in the discriminator, 0 for none.
    """

    generator: tuple[int, ...]
    discriminator: tuple[int, ...]
    halvings: int
    attention: tuple[int, int] = (0, 0)

    @property
    def doublings(self) -> int:
        """The number of blocks in the generator."""
        return len(self.generator) - 1


def plan_of(
    published: Mapping[int, Plan], others: Callable[[int], Plan], shape: Sequence[int],
    attention: int = PUBLISHED, largest: int = LARGEST,
) -> Plan:  # fmt: skip
    """Return the plan for images of ``shape``, (H, W, C).

    Args:
      published: plans by the shorter side of an image.
      others: ``doublings -> Plan`` for sizes that are not published. Attention then
        moves to the largest feature map that is smaller than the image and has at most
        the shorter side that this plan names.
      attention: the maps with this shorter side have attention; with ``PUBLISHED`` the
        plan decides.
      largest: most pixels of a side.

    Raises:
      WrongSize: if the network cannot halve or double its way to these sides (the rule
        is in ``sizes``), or a side has more than ``largest`` pixels.
    """
    doublings = growth(shape, largest).doublings
    short = min(shape[:2])
    plan = published.get(short)
    if plan is None:
        plan = others(doublings)
        sides = [short >> i for i in range(1, doublings)]
        most = [max([s for s in sides if s <= a], default=0) for a in plan.attention]
        plan = dataclasses.replace(plan, attention=(most[0], most[1]))
    # A published plan may halve more often than it doubles. The longer side may not.
    possible = _halvings(math.gcd(*shape[:2]))
    plan = dataclasses.replace(plan, halvings=min(plan.halvings, possible))
    if attention == PUBLISHED:
        return plan
    return dataclasses.replace(plan, attention=(attention, attention))


def _halvings(side):
    """Return how often ``side`` can be halved."""
    return (side & -side).bit_length() - 1


@dataclasses.dataclass(frozen=True)
class Style:
    """How the layers of a network are made.

    Attributes:
      normalization: ``"batch"`` puts a batch normalisation before each ReLU; any other
        name puts nothing there.
      spectral: whether every kernel has spectral norm 1.
      dtype: the type of products.
      init: the initialiser of kernels. ``residual_init``: the initialiser of 3×3
        kernels in blocks, if it differs.
      rectified_shortcut: see ``RECTIFIED``.
      epsilon: added to variances by batch normalisation.
      upsampling: how a block doubles its input, one of ``UPSAMPLINGS``.
    """

    normalization: str
    spectral: bool
    dtype: jnp.dtype
    init: Callable
    residual_init: Callable | None = None
    rectified_shortcut: bool = False
    epsilon: float = EPSILON
    upsampling: str = "repeat"

    def of_layer(self, init: Callable | None = None) -> dict:
        """Return the keyword arguments for a ``Linear`` or a ``Conv`` of this style.
        ``init`` replaces the initialiser."""
        init = init or self.init
        return {"spectral": self.spectral, "kernel_init": init, "dtype": self.dtype}


def style_of(network: nn.Module, *init: Callable) -> Style:
    """Return the style for a network with the fields ``normalization`` and ``dtype``,
    and perhaps ``rectified_shortcut`` and ``upsampling``. ``init`` are the fields
    ``init`` and ``residual_init`` of ``Style``."""
    spectral = network.normalization == "spectral"
    made = Style(network.normalization, spectral, network.dtype, *init)
    own = [
        name for name in ("rectified_shortcut", "upsampling") if hasattr(network, name)
    ]
    return dataclasses.replace(made, **{name: getattr(network, name) for name in own})


class Residual(nn.Module):
    """A residual block, ``[n, H, W, I]`` to ``[n, H', W', features]``: H' is 2H with
    ``resample`` ``"up"``, H/2 with ``"down"``, else H.

    The shortcut is the identity if it keeps the shape, else a 1×1 convolution.
    ``hidden`` is the number of channels between the two 3×3 convolutions. ``image``:
    whether the input is an image, which gets no normalisation and no ReLU first.
    """

    features: int
    hidden: int
    style: Style
    resample: str | None = None
    image: bool = False

    @nn.compact
    def __call__(self, x, *, train: bool, given: Condition | None = None):
        style = self.style
        inside = style.of_layer(style.residual_init)
        up, down = (r if self.resample == r else None for r in ("up", "down"))
        smooth = up is not None and style.upsampling == "bilinear"
        repeat = None if smooth else up

        def activated(x):
            how = {"train": train, "given": given, "epsilon": style.epsilon}
            return nn.relu(normalise(x, style.normalization, **how))

        if style.rectified_shortcut and style.normalization != "batch":
            x = x if self.image else nn.relu(x)

        y = x if self.image else activated(x)
        y = bilinear(y) if smooth else y
        y = Conv(self.hidden, resample=repeat, **inside)(y)
        y = Conv(self.features, resample=down, **inside)(activated(y))
        if self.resample or x.shape[-1] != self.features:
            around = style.of_layer() | {"resample": repeat or down}
            x = Conv(self.features, kernel=1, **around)(x)
            # Interpolation and a 1×1 convolution commute; this order is cheaper.
            x = bilinear(x) if smooth else x
        return x + y


def generate(
    network: nn.Module, z: jax.Array, plan: Plan, style: Style,
    given: Sequence[Condition | None], *, train: bool,
) -> jax.Array:  # fmt: skip
    """Map latents ``[n, d]`` to images ``[n, *shape]`` in [-1, 1]. Call it inside a
    compact method of a module with the fields ``shape`` and ``width``.

    Args:
      given: for each block, what the scale and shift of its batch normalisations depend
        on, or ``None``.

    Raises:
      BadInput: if no feature map has the side that ``plan.attention`` names, or ``z``
        is not [n, d].
    """
    check_latents(z)
    first, *channels = (m * network.width for m in plan.generator)
    height, width = (side >> plan.doublings for side in network.shape[:2])
    sizes = [(height << i, width << i) for i in range(1, plan.doublings + 1)]
    attention = _checked(plan.attention[0], sizes)
    x = Linear(height * width * first, **style.of_layer())(z)
    x = x.reshape(x.shape[0], height, width, first)
    for features, condition in zip(channels, given, strict=True):
        x = Residual(features, features, style, "up")(x, train=train, given=condition)
        if min(x.shape[1:3]) == attention:
            x = SelfAttention(**style.of_layer())(x)
    how = {"train": train, "epsilon": style.epsilon}
    x = nn.relu(normalise(x, style.normalization, **how))
    x = Conv(network.shape[-1], **style.of_layer())(x)
    return jnp.tanh(x.astype(jnp.float32))


POOLINGS = ("sum", "mean")


def pooled_features(
    network: nn.Module, x: jax.Array, plan: Plan, style: Style, *, wide: bool,
    pooling: str = "sum", train: bool,
) -> jax.Array:  # fmt: skip
    """Map images ``[n, H, W, C]`` to ``[n, d]``: d is the channels of the last block,
    and each channel is pooled over pixels. Call it inside a compact method of a module
    with the field ``width``.

    Args:
      plan: the blocks. Only the first feature map with the side that ``plan.attention``
        names has attention.
      wide: whether the channels between a block's two convolutions are as many as the
        block's outputs; otherwise they are as many as its inputs.
      pooling: one of ``POOLINGS``.

    Raises:
      BadInput: if no feature map has the side that ``plan.attention`` names.
    """
    channels = [m * network.width for m in plan.discriminator]
    halved = [min(i + 1, plan.halvings) for i in range(len(channels))]
    sizes = [(x.shape[1] >> i, x.shape[2] >> i) for i in halved]
    attention = _checked(plan.attention[1], sizes)
    for i, features in enumerate(channels):
        hidden = features if wide or i == 0 else x.shape[-1]
        resample = "down" if i < plan.halvings else None
        x = Residual(features, hidden, style, resample, image=i == 0)(x, train=train)
        if attention and i == [min(size) for size in sizes].index(attention):
            x = SelfAttention(**style.of_layer())(x)
    how = {"train": train, "epsilon": style.epsilon}
    x = nn.relu(normalise(x, style.normalization, **how))
    x = x.astype(jnp.float32)
    return x.sum((1, 2)) if pooling == "sum" else x.mean((1, 2))


def _checked(attention, sizes):
    # Keys and values are pooled over 2×2 pixels.
    even = [min(size) for size in sizes if size[0] % 2 == 0 and size[1] % 2 == 0]
    possible = list(dict.fromkeys(even))
    if attention and attention not in possible:
        raise BadInput(
            f"attention={attention}: expected the side of a feature map, "
            f"{', '.join(map(str, possible))}, or 0 for none"
        )
    return attention
