"""The tensors of StyleGAN2's networks, and where they are in ganjax's."""

import numpy as np

from tests.parity import rule
from tests.parity.tensors import (
    Tensor,
    conv,
    flipped,
    linear,
    linear_of_maps,
    maps,
    plain,
    with_bias,
)


def values(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the values of a parameter, near those at its start: kernels have the
    deviation 1, in the mapping 100, and styles are near 1."""
    made = np.asarray(rule.parameter(name, shape, unit=True))
    if ".fc" in name and "mapping" in name:
        made = made * 100 if len(shape) > 1 else made
    return made + 1 if name.endswith("affine.bias") else made


def _mapping(theirs, ours, layers, labelled):
    made = {}
    if labelled:
        made |= with_bias(f"{theirs}.embed", f"{ours}/label_embedding", linear)
    for i in range(layers):
        made |= with_bias(f"{theirs}.fc{i}", f"{ours}/EqualisedLinear_{i}", linear)
    return made


def generator(size: int, layers: int, labelled: bool) -> dict[str, Tensor]:
    """Return the tensors of a generator.

    Args:
      size: side of an image.
      layers: layers of the mapping.
    """
    made = _mapping("mapping", "mapping", layers, labelled)
    made["synthesis.b4.const"] = maps("synthesis/constant")
    sides = [4 << i for i in range((size // 4).bit_length())]
    convs = 0
    for i, side in enumerate(sides):
        block = f"synthesis.b{side}"
        for layer in ("conv0", "conv1")[side == 4 :]:
            ours, theirs = f"synthesis/StyledConv_{convs}", f"{block}.{layer}"
            made |= with_bias(theirs, ours, flipped if layer == "conv0" else conv)
            made |= with_bias(f"{theirs}.affine", f"{ours}/EqualisedLinear_0", linear)
            made[f"{theirs}.noise_strength"] = plain(f"{ours}/noise_strength")
            convs += 1
        theirs, ours = f"{block}.torgb", f"synthesis/ToImage_{i}"
        made |= with_bias(theirs, ours, conv)
        made |= with_bias(f"{theirs}.affine", f"{ours}/EqualisedLinear_0", linear)
    return made


def discriminator(size: int, residual: bool, labelled: bool) -> dict[str, Tensor]:
    """Return the tensors of a discriminator. ``residual``: whether its blocks have
    shortcuts."""
    made = with_bias(f"b{size}.fromrgb", "EqualisedConv_0", conv)
    side, i = size, 0
    while side > 4:
        theirs, ours = f"b{side}", f"DiscriminatorBlock_{i}"
        made |= with_bias(f"{theirs}.conv0", f"{ours}/EqualisedConv_0", conv)
        made |= with_bias(f"{theirs}.conv1", f"{ours}/EqualisedConv_1", conv)
        if residual:
            made[f"{theirs}.skip.weight"] = conv(f"{ours}/EqualisedConv_2/kernel")
        side, i = side // 2, i + 1
    made |= with_bias("b4.conv", "EqualisedConv_1", conv)
    made |= with_bias("b4.fc", "EqualisedLinear_0", linear_of_maps)
    if not labelled:
        return made | with_bias("b4.out", "Linear_0", linear)
    made |= with_bias("b4.out", "EqualisedLinear_1", linear)
    return made | _mapping("mapping", "Mapping_0", 8, True)
