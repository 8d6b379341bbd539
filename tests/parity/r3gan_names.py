"""The tensors of R3GAN's conditional networks, and where they are in ganjax's."""

from tests.parity.tensors import Tensor, conv, depthwise, linear, maps, plain


def generator(stages: int, blocks: int) -> dict[str, Tensor]:
    """Return the tensors of a generator. ``blocks``: how many a resolution has."""
    first = "MainLayers.0.Layers.0"
    made = {f"{first}.Basis": maps("basis")}
    return made | _both(stages, blocks, first, "AggregationLayer", 1)


def discriminator(stages: int, blocks: int) -> dict[str, Tensor]:
    """Return the tensors of a discriminator. ``blocks``: how many a resolution has."""
    last = f"MainLayers.{stages - 1}.Layers.{blocks}"
    made = {f"{last}.Basis.weight": depthwise("basis")}
    return made | _both(stages, blocks, last, "ExtractionLayer", 0)


def _both(stages, blocks, end, outer, before):
    """``end``: the layer next to the vectors; ``outer``: the one next to the images;
    ``before``: the layers of a stage before its blocks."""
    made = {
        "EmbeddingLayer.weight": linear("label_embedding/kernel"),
        f"{end}.LinearLayer.weight": linear("Linear_0/kernel"),
        f"{outer}.Layer.weight": conv("Conv_0/kernel"),
    }
    for i in range(stages * blocks):
        stage, block = divmod(i, blocks)
        name = f"MainLayers.{stage}.Layers.{block + before}"
        for k in range(3):
            kernel = conv(f"Block_{i}/Conv_{k}/kernel")
            made[f"{name}.LinearLayer{k + 1}.Layer.weight"] = kernel
        for k in range(2):
            made[f"{name}.NonLinearity{k + 1}.Bias"] = plain(f"Block_{i}/Conv_{k}/bias")
    return made
