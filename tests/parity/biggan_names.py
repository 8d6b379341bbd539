"""The tensors of BigGAN-PyTorch's networks, and where they are in ganjax's."""

from tests.parity.tensors import Tensor, conv, linear, maps, plain

ATTENTION = {"theta": "query", "phi": "key", "g": "value", "o": "output"}


def _with_bias(made: dict[str, Tensor], name: str, path: str, kind) -> None:
    made[f"{name}.weight"] = kind(f"{path}/kernel")
    made[f"{name}.bias"] = plain(f"{path}/bias")


def _attention(made: dict[str, Tensor], name: str) -> None:
    for theirs, ours in ATTENTION.items():
        made[f"{name}.{theirs}.weight"] = conv(f"SelfAttention_0/{ours}/kernel")
    made[f"{name}.gamma"] = plain("SelfAttention_0/gamma")


def generator(blocks: int, *, shared: bool, attention: int | None) -> dict[str, Tensor]:
    """Return the tensors of a generator.

    Args:
      shared: whether its normalisations share an embedding of the label.
      attention: the block that attention follows, or ``None``.
    """
    made: dict[str, Tensor] = {}
    if shared:
        made["shared.weight"] = plain("embedding/kernel")
    made["linear.weight"] = maps("Linear_0/kernel")
    made["linear.bias"] = maps("Linear_0/bias")
    for i in range(blocks):
        name, path = f"blocks.{i}.0", f"Residual_{i}"
        for k, layer in enumerate(("conv1", "conv2", "conv_sc")):
            _with_bias(made, f"{name}.{layer}", f"{path}/Conv_{k}", conv)
        for k in (0, 1):
            for theirs, ours in (("gain", "scale"), ("bias", "shift")):
                place = f"{path}/ConditionalBatchNorm_{k}/{ours}/kernel"
                kind = linear if shared else plain
                made[f"{name}.bn{k + 1}.{theirs}.weight"] = kind(place)
        if i == attention:
            _attention(made, f"blocks.{i}.1")
    made["output_layer.0.gain"] = plain("BatchNorm_0/norm/scale")
    made["output_layer.0.bias"] = plain("BatchNorm_0/norm/bias")
    _with_bias(made, "output_layer.2", "Conv_0", conv)
    return made


def discriminator(
    shortcuts: tuple[bool, ...], *, attention: int | None
) -> dict[str, Tensor]:
    """Return the tensors of a discriminator. ``shortcuts``: for each block, whether its
    shortcut has a kernel; ``attention``: the block that attention follows."""
    made: dict[str, Tensor] = {}
    for i, learnt in enumerate(shortcuts):
        layers = ("conv1", "conv2", *(("conv_sc",) if learnt else ()))
        for k, layer in enumerate(layers):
            _with_bias(made, f"blocks.{i}.0.{layer}", f"Residual_{i}/Conv_{k}", conv)
        if i == attention:
            _attention(made, f"blocks.{i}.1")
    _with_bias(made, "linear", "Linear_0", linear)
    made["embed.weight"] = plain("label_embedding/kernel")
    return made


def cancelled(name: str) -> bool:
    """Return whether a generator's tensor is a bias that batch normalisation cancels:
    its gradient is rounding, which Adam turns into steps of its full length."""
    return ".conv" in name and name.endswith(".bias")
