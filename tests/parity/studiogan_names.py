"""The tensors of PyTorch-StudioGAN's networks for 32 pixels, and where they are in
ganjax's."""

import jax
from flax.traverse_util import flatten_dict

from tests.parity.tensors import (
    Tensor,
    batch_norm,
    conv,
    linear,
    linear_to_maps,
    plain,
    transposed,
    with_bias,
)

SN = "_orig"  # the ending of a kernel with spectral norm
ATTENTION = {"theta": "query", "phi": "key", "g": "value", "attn": "output"}


def _attention(name, path):
    made = {
        f"{name}.conv1x1_{theirs}.weight{SN}": conv(f"{path}/{ours}/kernel")
        for theirs, ours in ATTENTION.items()
    }
    return made | {f"{name}.sigma": plain(f"{path}/gamma")}


def _convolutions(name, path, n=3):
    """Return the convolutions of a residual block: two 3×3, perhaps a 1×1."""
    made = {}
    for k, layer in enumerate(("conv2d1", "conv2d2", "conv2d0")[:n]):
        made |= with_bias(f"{name}.{layer}", f"{path}/Conv_{k}", conv, SN)
    return made


def deep_conv_generator() -> dict[str, Tensor]:
    made = with_bias("linear0", "Linear_0", linear_to_maps)
    made |= with_bias("conv4", "Conv_3", conv)
    for i in range(3):
        made |= with_bias(f"blocks.{i}.0.deconv0", f"Conv_{i}", transposed)
        made |= batch_norm(f"blocks.{i}.0.bn0", f"BatchNorm_{i}")
    return made


def deep_conv_discriminator() -> dict[str, Tensor]:
    made = with_bias("linear1", "Linear_0", linear)
    places = [(f"blocks.{i}.0.", j) for i in range(3) for j in (0, 1)] + [("", 1)]
    for i, (block, j) in enumerate(places):
        made |= with_bias(f"{block}conv{j}", f"Conv_{i}", conv)
        made |= batch_norm(f"{block}bn{j}", f"BatchNorm_{i}")
    return made


def residual_generator(shared: bool) -> dict[str, Tensor]:
    """``shared``: whether the normalisations share an embedding of the label."""
    made = with_bias("linear0", "Linear_0", linear_to_maps, SN)
    made |= with_bias("conv2d5", "Conv_0", conv, SN) | batch_norm("bn4", "BatchNorm_0")
    made |= _attention("blocks.2.0", "SelfAttention_0")
    if shared:
        made["shared.weight"] = plain("embedding/kernel")
    for i, place in enumerate((0, 1, 3)):
        block, path = f"blocks.{place}.0", f"Residual_{i}"
        made |= _convolutions(block, path)
        for k in (0, 1):
            for theirs, ours in (("gain", "scale"), ("bias", "shift")):
                kernel = linear(f"{path}/ConditionalBatchNorm_{k}/{ours}/kernel")
                made[f"{block}.bn{k + 1}.{theirs}.weight{SN}"] = kernel
    return made


def residual_discriminator(compares: bool) -> dict[str, Tensor]:
    """``compares``: whether the last layer has embeddings that are compared, and not a
    projection."""
    made = with_bias("linear1", "Linear_0", linear, SN)
    made |= _attention("blocks.1.0", "SelfAttention_0")
    made[f"embedding.weight{SN}"] = plain("label_embedding/kernel")
    if compares:
        made |= with_bias("linear2", "embedding", linear, SN)
    for i, place in enumerate((0, 2, 3, 4)):
        made |= _convolutions(f"blocks.{place}.0", f"Residual_{i}", 3 if i < 2 else 2)
    return made


def cancelled(name: str) -> bool:
    """Return whether batch normalisation cancels a bias, in ``deep_conv`` or in a
    residual generator. Its gradient is rounding, which Adam turns into a movement that
    is another one on each machine. The name may begin with ``PLAYER.``"""
    layer, _, kind = name.rpartition(".")
    residual = ".conv2d" in name and not name.startswith("discriminator.")
    return kind == "bias" and (
        residual or layer.endswith(("deconv0", "conv0", "conv1"))
    )


def averages(player: str, batch_stats, tensors, samples: int) -> dict:
    """Return the averages of batch normalisation after one pass as ``output/TORCH
    NAME``. torch averages the unbiased variance: its number is ``n/(n − 1)`` times
    ours, for n values of a channel."""
    flat, found = flatten_dict(jax.device_get(batch_stats), sep="/"), {}
    for name, path in _normalisations(tensors).items():
        n = samples * _side(player, name) ** 2
        found[f"output/{name}.running_mean"] = flat[f"{path}/mean"]
        unbiased = (flat[f"{path}/var"] - 0.9) * (n / (n - 1))
        found[f"output/{name}.running_var"] = 0.9 + unbiased
    return found


def _normalisations(tensors):
    """Return torch's name -> Flax path."""
    found = {}
    for name, tensor in tensors.items():
        path = tensor.paths[0]
        if path.endswith("/norm/scale"):
            found[name.removesuffix(".weight")] = path.removesuffix("/scale")
        elif path.endswith("/scale/kernel"):
            block = name.removesuffix(f".gain.weight{SN}")
            place = path.removesuffix("scale/kernel")
            found[f"{block}.bn"] = f"{place}BatchNorm_0/norm"
    return found


def _side(player, name):
    """Return the side of the feature map."""
    if not name.startswith("blocks."):
        return 32 if player == "generator" else 4
    place, j = int(name.split(".")[1]), int(name.split(".bn")[1][0])
    if player == "discriminator":
        return 32 >> (place + j)
    if j == 0:  # of deep_conv, after the convolution
        return 8 << place
    return 4 << (min(place, 2) + j - 1)
