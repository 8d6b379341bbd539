"""The parameters of PyTorch-StudioGAN's networks by their names in ganjax."""

import jax
import jax.numpy as jnp
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from tests.parity import layouts, rule

SN = "_orig"  # the ending of a kernel with spectral norm


def _layer(name, path, layout, ending="", bias=True):
    found = {f"{name}.weight{ending}": (f"{path}/kernel", layout)}
    return found | ({f"{name}.bias": (f"{path}/bias", "same")} if bias else {})


def _batch_norm(name, path):
    return {
        f"{name}.weight": (f"{path}/norm/scale", "same"),
        f"{name}.bias": (f"{path}/norm/bias", "same"),
    }


def _attention(name, path):
    found = {f"{name}.sigma": (f"{path}/gamma", "same")}
    kernels = {"theta": "query", "phi": "key", "g": "value", "attn": "output"}
    for theirs, ours in kernels.items():
        layer = f"{name}.conv1x1_{theirs}", f"{path}/{ours}"
        found |= _layer(*layer, "conv", SN, bias=False)
    return found


def _convolutions(name, path, n=3):
    """Return the convolutions of a residual block: two 3×3, perhaps a 1×1."""
    found = {}
    for theirs, ours in (("conv2d1", 0), ("conv2d2", 1), ("conv2d0", 2))[:n]:
        found |= _layer(f"{name}.{theirs}", f"{path}/Conv_{ours}", "conv", SN)
    return found


def deep_conv_generator():
    found = _layer("linear0", "Linear_0", "linear") | _layer("conv4", "Conv_3", "conv")
    for i in range(3):
        found |= _layer(f"blocks.{i}.0.deconv0", f"Conv_{i}", "transposed")
        found |= _batch_norm(f"blocks.{i}.0.bn0", f"BatchNorm_{i}")
    return found


def deep_conv_discriminator():
    found = _layer("linear1", "Linear_0", "linear")
    places = [(f"blocks.{i}.0.", j) for i in range(3) for j in (0, 1)] + [("", 1)]
    for i, (block, j) in enumerate(places):
        found |= _layer(f"{block}conv{j}", f"Conv_{i}", "conv")
        found |= _batch_norm(f"{block}bn{j}", f"BatchNorm_{i}")
    return found


def residual_generator(shared):
    """``shared``: whether the normalisations share an embedding of the label."""
    found = _layer("linear0", "Linear_0", "linear", SN)
    found |= _layer("conv2d5", "Conv_0", "conv", SN) | _batch_norm("bn4", "BatchNorm_0")
    found |= _attention("blocks.2.0", "SelfAttention_0")
    if shared:
        found["shared.weight"] = "embedding/kernel", "same"
    for i, place in enumerate((0, 1, 3)):
        block, path = f"blocks.{place}.0", f"Residual_{i}"
        found |= _convolutions(block, path)
        for j in (0, 1):
            for theirs, ours in (("gain", "scale"), ("bias", "shift")):
                layer = f"{block}.bn{j + 1}.{theirs}"
                path_of = f"{path}/ConditionalBatchNorm_{j}/{ours}"
                found |= _layer(layer, path_of, "linear", SN, bias=False)
    return found


def residual_discriminator(compares):
    """``compares``: whether the last layer has embeddings that are compared, and not
    a projection."""
    found = _layer("linear1", "Linear_0", "linear", SN)
    found |= _attention("blocks.1.0", "SelfAttention_0")
    found["embedding.weight_orig"] = "label_embedding/kernel", "same"
    if compares:
        found |= _layer("linear2", "embedding", "linear", SN)
    for i, place in enumerate((0, 2, 3, 4)):
        block, path = f"blocks.{place}.0", f"Residual_{i}"
        found |= _convolutions(block, path, 3 if i < 2 else 2)
    return found


def averages_of(player, mapping):
    """Return the batch normalisations of a network for 32×32 pixels: torch's name ->
    (Flax path, side of the feature map)."""
    found = {}
    for name, (path, _) in mapping.items():
        if path.endswith("/norm/scale"):
            found[name.removesuffix(".weight")] = path.removesuffix("/scale")
        if path.endswith("/scale/kernel"):
            block = name.removesuffix(".gain.weight_orig")
            found[f"{block}.bn"] = (
                path.removesuffix("scale/kernel") + "BatchNorm_0/norm"
            )
    return {name: (path, _side(player, name)) for name, path in found.items()}


def _side(player, name):
    if not name.startswith("blocks."):
        return 32 if player == "generator" else 4
    place, j = int(name.split(".")[1]), int(name.split(".bn")[1][0])
    if player == "discriminator":
        return 32 >> (place + j)
    if j == 0:  # of deep_conv, after the convolution
        return 8 << place
    return 4 << (min(place, 2) + j - 1)


def _in_torchs_order(x, side=4):
    """Return outputs of the first linear map of a generator as torch orders them:
    ``[…, C·h·w]``, where ganjax has ``[…, h·w·C]``."""
    *before, n = np.shape(x)
    x = np.asarray(x).reshape(*before, side**2, n // side**2)
    return np.swapaxes(x, -1, -2).reshape(*before, n)


def _in_our_order(x, side=4):
    *before, n = np.shape(x)
    x = np.asarray(x).reshape(*before, n // side**2, side**2)
    return np.swapaxes(x, -1, -2).reshape(*before, n)


def _first_map(player, tree, reorder):
    if player != "generator":
        return tree
    layer = {name: reorder(x) for name, x in tree["Linear_0"].items()}
    return {**tree, "Linear_0": layer}


def filled(player, template, mapping):
    """Return the parameters of a player's network by the rule."""
    params = layouts.filled(template, mapping, f"{player}.")
    return _first_map(player, params, _in_our_order)


def named(player, tree, mapping, kind, prefix=""):
    """Return a tree like the parameters as ``KIND/PREFIX TORCH NAME`` -> array."""
    tree = _first_map(player, jax.device_get(tree), _in_torchs_order)
    return layouts.named(tree, mapping, kind, prefix)


def vectors(player, params, spectral, mapping):
    """Return the collection ``spectral``: the first vector of each kernel, by the rule.
    The vectors of an embedding of labels have converged (see the oracle)."""
    flat, kernels = flatten_dict(spectral, sep="/"), flatten_dict(params, sep="/")
    made = {}
    for name, (path, _) in mapping.items():
        if (place := f"{path.removesuffix('kernel')}u") not in flat:
            continue
        size = flat[place].shape
        vector = rule.numbers(f"{player}.{name.removesuffix('_orig')}_u", size)
        if "label_embedding" in path:
            left, _, right = np.linalg.svd(np.asarray(kernels[path], np.float64))
            vector = left[:, 0] if size == left[0].shape else right[0]
        made[place] = jnp.asarray(vector / np.linalg.norm(vector), jnp.float32)
    if set(made) != set(flat):
        raise ValueError(f"no vectors for {sorted(set(flat) - set(made))}")
    return _first_map(player, unflatten_dict(made, sep="/"), _in_our_order)


def named_vectors(player, spectral, mapping):
    """Return spectral vectors as ``output/TORCH NAME``, but not of an embedding
    of labels."""
    tree = _first_map(player, jax.device_get(spectral), _in_torchs_order)
    flat, found = flatten_dict(tree, sep="/"), {}
    for name, (path, _) in mapping.items():
        place = f"{path.removesuffix('kernel')}u"
        if path.endswith("kernel") and place in flat and "label_embedding" not in path:
            found[f"output/{name.removesuffix('_orig')}_u"] = flat[place]
    return found


def named_averages(player, batch_stats, mapping, samples):
    """Return the averages after one pass as ``output/TORCH NAME``. torch averages the
    unbiased variance: its number is ``n/(n − 1)`` times ours, for n values of a
    channel."""
    flat, found = flatten_dict(jax.device_get(batch_stats), sep="/"), {}
    for name, (path, side) in averages_of(player, mapping).items():
        n = samples * side**2
        found[f"output/{name}.running_mean"] = flat[f"{path}/mean"]
        found[f"output/{name}.running_var"] = 0.9 + (flat[f"{path}/var"] - 0.9) * (
            n / (n - 1)
        )
    return found
