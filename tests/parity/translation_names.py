"""The tensors of CycleGAN's and pix2pix' networks, and where they are in ganjax's."""

from tests.parity.tensors import Tensor, batch_norm, conv, plain, transposed


def resnet(blocks: int) -> dict[str, Tensor]:
    """Biases before an instance normalisation have no effect, and are left out."""
    inner = [f"{10 + i}.conv_block.{place}" for i in range(blocks) for place in (1, 5)]
    last = 10 + blocks
    ups = (last, last + 3)
    places = [1, 4, 7, *inner, *ups, last + 7]
    made = {
        f"model.{place}.weight": (transposed if place in ups else conv)(
            f"Conv_{i}/kernel"
        )
        for i, place in enumerate(places)
    }
    return made | {f"model.{last + 7}.bias": plain(f"Conv_{len(places) - 1}/bias")}


def patchgan(layers: int, batch: bool) -> dict[str, Tensor]:
    places = [0, *(2 + 3 * i for i in range(layers)), 2 + 3 * layers]
    made = {
        f"model.{place}.weight": conv(f"Conv_{i}/kernel")
        for i, place in enumerate(places)
    }
    for i in (0, layers + 1):
        made[f"model.{places[i]}.bias"] = plain(f"Conv_{i}/bias")
    for i, place in enumerate(places[1:-1] if batch else ()):
        made |= batch_norm(f"model.{place + 1}", f"BatchNorm_{i}")
    return made


def unet(depth: int) -> dict[str, Tensor]:
    made, prefix = {}, "model.model"
    for level in range(depth):
        outer, inner = level == 0, level == depth - 1
        down, up = (0, 3) if outer else (1, 3) if inner else (1, 5)
        mirror = 2 * depth - 1 - level
        made[f"{prefix}.{down}.weight"] = conv(f"Conv_{level}/kernel")
        made[f"{prefix}.{up}.weight"] = transposed(f"Conv_{mirror}/kernel")
        if outer:
            made[f"{prefix}.{up}.bias"] = plain(f"Conv_{mirror}/bias")
        else:
            made |= batch_norm(f"{prefix}.{up + 1}", f"BatchNorm_{mirror - 2}")
            if not inner:
                made |= batch_norm(f"{prefix}.{down + 1}", f"BatchNorm_{level - 1}")
        prefix += ".1.model" if outer else ".3.model"
    return made
