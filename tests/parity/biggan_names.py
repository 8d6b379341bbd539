"""The tensors of BigGAN-PyTorch's networks, and where they are in ganjax's."""

from tests.parity.tensors import (
    Tensor,
    batch_norm,
    conv,
    linear,
    linear_to_maps,
    plain,
    with_bias,
)

ATTENTION = {"theta": "query", "phi": "key", "g": "value", "o": "output"}


def _attention(name: str) -> dict[str, Tensor]:
    made = {
        f"{name}.{theirs}.weight": conv(f"SelfAttention_0/{ours}/kernel")
        for theirs, ours in ATTENTION.items()
    }
    return made | {f"{name}.gamma": plain("SelfAttention_0/gamma")}


def generator(blocks: int, *, shared: bool, attention: int | None) -> dict[str, Tensor]:
    """Return the tensors of a generator.

    Args:
      shared: whether its normalisations share an embedding of the label.
      attention: the block that attention follows, or ``None``.
    """
    made = with_bias("linear", "Linear_0", linear_to_maps)
    if shared:
        made["shared.weight"] = plain("embedding/kernel")
    for i in range(blocks):
        name, path = f"blocks.{i}.0", f"Residual_{i}"
        for k, layer in enumerate(("conv1", "conv2", "conv_sc")):
            made |= with_bias(f"{name}.{layer}", f"{path}/Conv_{k}", conv)
        for k in (0, 1):
            for theirs, ours in (("gain", "scale"), ("bias", "shift")):
                place = f"{path}/ConditionalBatchNorm_{k}/{ours}/kernel"
                kind = linear if shared else plain
                made[f"{name}.bn{k + 1}.{theirs}.weight"] = kind(place)
        if i == attention:
            made |= _attention(f"blocks.{i}.1")
    last = batch_norm("output_layer.0", "BatchNorm_0")
    made["output_layer.0.gain"] = last.pop("output_layer.0.weight")
    return made | last | with_bias("output_layer.2", "Conv_0", conv)


def discriminator(
    shortcuts: tuple[bool, ...], *, attention: int | None
) -> dict[str, Tensor]:
    """Return the tensors of a discriminator. ``shortcuts``: for each block, whether its
    shortcut has a kernel; ``attention``: the block that attention follows."""
    made = with_bias("linear", "Linear_0", linear)
    made["embed.weight"] = plain("label_embedding/kernel")
    for i, learnt in enumerate(shortcuts):
        layers = ("conv1", "conv2", *(("conv_sc",) if learnt else ()))
        for k, layer in enumerate(layers):
            made |= with_bias(f"blocks.{i}.0.{layer}", f"Residual_{i}/Conv_{k}", conv)
        if i == attention:
            made |= _attention(f"blocks.{i}.1")
    return made


def cancelled(name: str) -> bool:
    """Return whether a generator's tensor is a bias that batch normalisation cancels:
    its gradient is rounding, which Adam turns into steps of its full length."""
    return ".conv" in name and name.endswith(".bias")
