"""The tensors of mimicry's networks for 32 pixels, and where they are in ganjax's."""

from tests.parity.tensors import Tensor, conv, gains_and_shifts, linear, maps, plain

LAYERS = ("c1", "c2", "c_sc")
SHORTCUTS = (True, True, False, False)  # of the discriminator's blocks


def generator(labels: bool = False) -> dict[str, Tensor]:
    """Return the tensors of a generator, whose batch normalisations depend on the label
    if there are ``labels``."""
    made = {"l1.weight": maps("Linear_0/kernel"), "l1.bias": maps("Linear_0/bias")}
    for i in range(3):
        name, path = f"block{i + 2}", f"Residual_{i}"
        for k, layer in enumerate(LAYERS):
            made[f"{name}.{layer}.weight"] = conv(f"{path}/Conv_{k}/kernel")
            made[f"{name}.{layer}.bias"] = plain(f"{path}/Conv_{k}/bias")
        for k in (0, 1):
            if labels:
                place = f"{path}/ConditionalBatchNorm_{k}"
                made[f"{name}.b{k + 1}.embed.weight"] = gains_and_shifts(place)
                continue
            for theirs, ours in (("weight", "scale"), ("bias", "bias")):
                place = f"{path}/BatchNorm_{k}/norm/{ours}"
                made[f"{name}.b{k + 1}.{theirs}"] = plain(place)
    made["b5.weight"] = plain("BatchNorm_0/norm/scale")
    made["b5.bias"] = plain("BatchNorm_0/norm/bias")
    made["c5.weight"] = conv("Conv_0/kernel")
    made["c5.bias"] = plain("Conv_0/bias")
    return made


def discriminator(labels: bool = False, spectral: bool = True) -> dict[str, Tensor]:
    """Return the tensors of a discriminator, with projection if there are ``labels``,
    and with spectral norm if ``spectral``."""
    weight, made = "weight_orig" if spectral else "weight", {}
    for i, learnt in enumerate(SHORTCUTS):
        for k, layer in enumerate(LAYERS[: 3 if learnt else 2]):
            name, path = f"block{i + 1}.{layer}", f"Residual_{i}/Conv_{k}"
            made[f"{name}.{weight}"] = conv(f"{path}/kernel")
            made[f"{name}.bias"] = plain(f"{path}/bias")
    # With labels the last layers have mimicry's own spectral norm, not torch's.
    last = "weight" if labels else weight
    made[f"l5.{last}"] = linear("Linear_0/kernel")
    made["l5.bias"] = plain("Linear_0/bias")
    if labels:
        made[f"l_y.{last}"] = plain("label_embedding/kernel")
    return made


def cancelled(name: str) -> bool:
    """Return whether a generator's tensor is a bias that batch normalisation cancels:
    its gradient is rounding, which Adam turns into steps of its full length."""
    return name.startswith("block") and ".c" in name and name.endswith(".bias")
