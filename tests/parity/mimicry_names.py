"""The tensors of mimicry's networks for 32 pixels, and where they are in ganjax's."""

from tests.parity.tensors import (
    Tensor,
    batch_norm,
    conv,
    gains_and_shifts,
    linear,
    linear_to_maps,
    plain,
    with_bias,
)

LAYERS = ("c1", "c2", "c_sc")
SHORTCUTS = (True, True, False, False)  # of the discriminator's blocks


def generator(labels: bool = False) -> dict[str, Tensor]:
    """Return the tensors of a generator, whose batch normalisations depend on the label
    if there are ``labels``."""
    made = with_bias("l1", "Linear_0", linear_to_maps)
    for i in range(3):
        name, path = f"block{i + 2}", f"Residual_{i}"
        for k, layer in enumerate(LAYERS):
            made |= with_bias(f"{name}.{layer}", f"{path}/Conv_{k}", conv)
        for k in (0, 1):
            if labels:
                place = f"{path}/ConditionalBatchNorm_{k}"
                made[f"{name}.b{k + 1}.embed.weight"] = gains_and_shifts(place)
            else:
                made |= batch_norm(f"{name}.b{k + 1}", f"{path}/BatchNorm_{k}")
    return made | batch_norm("b5", "BatchNorm_0") | with_bias("c5", "Conv_0", conv)


def discriminator(labels: bool = False, spectral: bool = True) -> dict[str, Tensor]:
    """Return the tensors of a discriminator, with projection if there are ``labels``,
    and with spectral norm if ``spectral``."""
    ending, made = "_orig" if spectral else "", {}
    for i, learnt in enumerate(SHORTCUTS):
        for k, layer in enumerate(LAYERS[: 3 if learnt else 2]):
            name, path = f"block{i + 1}.{layer}", f"Residual_{i}/Conv_{k}"
            made |= with_bias(name, path, conv, ending)
    # With labels the last layers have mimicry's own spectral norm, not torch's.
    made |= with_bias("l5", "Linear_0", linear, "" if labels else ending)
    if labels:
        made["l_y.weight"] = plain("label_embedding/kernel")
    return made


def cancelled(name: str) -> bool:
    """Return whether a generator's tensor is a bias that batch normalisation cancels:
    its gradient is rounding, which Adam turns into steps of its full length."""
    return name.startswith("block") and ".c" in name and name.endswith(".bias")
