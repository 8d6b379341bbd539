"""Residual networks in the form that SNGAN gave them, and SAGAN and BigGAN kept: blocks
of two 3×3 convolutions with ReLU before each, which double or halve the resolution
(Miyato et al. 2018, arXiv 1802.05957, appendix B.4).

Convolutions keep their biases, as in the authors' code, also where a batch
normalisation takes them away again: parameter counts are the published ones.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.attention import SelfAttention
from ganjax.networks.layers import Condition, Conv, Linear, normalise

# An option ``attention`` with this value is that of the plan.
PUBLISHED = -1


@dataclasses.dataclass(frozen=True)
class Plan:
    """The channels of a network for one image size, in multiples of its width.

    Attributes:
      generator: of the smallest feature map, then of each block; a block doubles.
      discriminator: of each block.
      halvings: how many of the discriminator's blocks, the first ones, halve.
      attention: sides of the feature maps with attention in the generator and in the
        discriminator, 0 for none.
    """

    generator: tuple[int, ...]
    discriminator: tuple[int, ...]
    halvings: int
    attention: tuple[int, int] = (0, 0)


def plan_of(plans: Mapping[int, Plan], shape: Sequence[int]) -> Plan:
    """The plan of ``plans``, which is by side, for images of ``shape``.

    Raises:
      ValueError: if there is none.
    """
    if len(shape) != 3 or shape[0] != shape[1] or shape[0] not in plans:
        *others, last = plans
        raise ValueError(
            f"expected square images of {', '.join(map(str, others))} or {last} pixels "
            f"a side, not {'×'.join(map(str, shape))}"
        )
    return plans[shape[0]]


@dataclasses.dataclass(frozen=True)
class Style:
    """How the layers of a network are made.

    Attributes:
      normalization: what is in front of each ReLU: ``"batch"``, else nothing.
      spectral: whether every kernel is of norm 1.
      init: of kernels; ``residual_init`` of the 3×3 ones in blocks.
    """

    normalization: str
    spectral: bool
    init: Callable
    residual_init: Callable
    dtype: jnp.dtype

    def of_layer(self) -> dict:
        """The options of a ``Linear`` or a ``Conv``."""
        return {
            "spectral": self.spectral,
            "kernel_init": self.init,
            "dtype": self.dtype,
        }


class Residual(nn.Module):
    """``[n, H, W, I]`` to ``[n, H', W', features]`` with H' = 2H for ``resample``
    ``"up"``, H/2 for ``"down"``.

    The shortcut is the identity where shapes allow and no resampling is asked for, else
    a 1×1 convolution. ``image``: the input is not activated first, as no image is.
    """

    features: int
    hidden: int
    style: Style
    resample: str | None = None
    image: bool = False

    @nn.compact
    def __call__(self, x, *, train: bool, given: Condition | None = None):
        style = self.style
        options = style.of_layer()
        up, down = (r if self.resample == r else None for r in ("up", "down"))

        def activated(x):
            x = normalise(x, style.normalization, train=train, given=given)
            return nn.relu(x)

        def convolved(x, features, resample):
            inside = options | {"kernel_init": style.residual_init}
            return Conv(features, kernel=3, resample=resample, **inside)(x)

        y = x if self.image else activated(x)
        y = convolved(y, self.hidden, up)
        y = convolved(activated(y), self.features, down)
        if self.resample or x.shape[-1] != self.features:
            shortcut = Conv(self.features, kernel=1, resample=self.resample, **options)
            x = shortcut(x)
        return x + y


def generate(
    z: jax.Array,
    shape: Sequence[int],
    plan: Plan,
    width: int,
    style: Style,
    *,
    given: Sequence[Condition | None],
    attention: int = PUBLISHED,
    train: bool,
) -> jax.Array:
    """Latents ``[n, d]`` to images ``[n, *shape]`` in [-1, 1]. Call inside a compact
    module.

    Args:
      given: what the normalisations of each block depend on; the one before the image
        depends on nothing.
      attention: the side of the feature maps that have it, 0 for none.

    Raises:
      ValueError: if there are no feature maps of that side.
    """
    first, *channels = (m * width for m in plan.generator)
    base = shape[0] >> len(channels)
    sides = [base << (i + 1) for i in range(len(channels))]
    attention = _placed(attention, plan.attention[0], sides)
    x = Linear(base * base * first, **style.of_layer())(z)
    x = x.reshape(x.shape[0], base, base, first)
    for features, condition in zip(channels, given, strict=True):
        block = Residual(features, hidden=features, style=style, resample="up")
        x = block(x, train=train, given=condition)
        if x.shape[1] == attention:
            x = SelfAttention(**style.of_layer())(x)
    x = nn.relu(normalise(x, style.normalization, train=train))
    x = Conv(shape[-1], kernel=3, **style.of_layer())(x)
    return jnp.tanh(x.astype(jnp.float32))


POOLINGS = ("sum", "mean")


def pooled_features(
    x: jax.Array,
    plan: Plan,
    width: int,
    style: Style,
    *,
    wide: bool,
    attention: int = PUBLISHED,
    pooling: str = "sum",
    train: bool,
) -> jax.Array:
    """Images ``[n, H, W, C]`` to ``[n, d]``, d the channels of the last block, pooled
    over pixels. Call inside a compact module.

    Args:
      wide: whether a block has its output's channels inside, else its input's.
      attention: the side of the feature maps that have it, 0 for none; the first of
        them has.
      pooling: of ``POOLINGS``.

    Raises:
      ValueError: if there are no feature maps of that side.
    """
    channels = [m * width for m in plan.discriminator]
    sides = [x.shape[1] >> min(i + 1, plan.halvings) for i in range(len(channels))]
    attention = _placed(attention, plan.attention[1], sides)
    for i, features in enumerate(channels):
        x = Residual(
            features,
            hidden=features if wide or i == 0 else x.shape[-1],
            style=style,
            resample="down" if i < plan.halvings else None,
            image=i == 0,
        )(x, train=train)
        if attention and i == sides.index(attention):
            x = SelfAttention(**style.of_layer())(x)
    x = nn.relu(normalise(x, style.normalization, train=train))
    x = x.astype(jnp.float32)
    return x.sum((1, 2)) if pooling == "sum" else x.mean((1, 2))


def _placed(attention, published, sides):
    if attention == PUBLISHED:
        attention = published
    # Keys and values are pooled over 2×2 pixels.
    possible = [side for side in dict.fromkeys(sides) if side % 2 == 0]
    if attention and attention not in possible:
        raise ValueError(
            f"attention={attention}: expected the side of a feature map, "
            f"{', '.join(map(str, possible))}, or 0 for none"
        )
    return attention
