"""The networks of CycleGAN and pix2pix: outputs and gradients."""

import functools

import jax
import jax.numpy as jnp

from ganjax.networks import cyclegan_resnet, patchgan, unet
from tests.parity import rule, translation_names
from tests.parity.networks import applied, on_one_device, variables
from tests.parity.row import Row
from tests.parity.tensors import first, last, named

SOURCE = "pytorch-CycleGAN-and-pix2pix"
WIDTH = 4
# row -> (shape of the images [n, C, H, W], tensors)
NETWORKS = {
    "cyclegan_resnet": ((2, 3, 16, 24), translation_names.resnet(6)),
    "patchgan_instance": ((2, 3, 40, 32), translation_names.patchgan(3, batch=False)),
    "patchgan_batch": ((3, 6, 40, 32), translation_names.patchgan(3, batch=True)),
    "unet": ((3, 3, 32, 32), translation_names.unet(5)),
}


def network(row, module, fixture):
    """Return the output of a network, and the gradient of its sum with weights."""
    shape, names = NETWORKS[row]
    x = last(rule.images(f"{row}/images", shape))
    held = variables(module, names, f"{row}.", x)

    def weighed(params, x):
        y, _ = applied(module, {**held, "params": params}, x)
        if y.ndim == 2:  # logits of patches
            sides = [n // 2**module.layers - 2 for n in x.shape[1:3]]
            y = y.reshape(-1, *sides, 1)
        n, h, w, c = y.shape
        return jnp.sum(y * last(rule.numbers(f"{row}/weight", (n, c, h, w)))), y

    differentiated = jax.grad(weighed, (0, 1), has_aux=True)
    (by_params, by_x), y = on_one_device(differentiated, held["params"], x)
    return {
        "output/images": first(y),
        "gradient/images": first(by_x),
        **named(by_params, names, "gradient"),
    }


def _patchgan(normalization):
    return patchgan.Discriminator(
        width=WIDTH, normalization=normalization, padding="one"
    )


def _row(name, entry, compared, module, differs=""):
    ours = functools.partial(network, name, module)
    return Row(name, (("architectures", entry),), SOURCE, compared, ours, differs)


_PATCHES = "more patches by default; padding='one' makes them equal"

ROWS = [
    _row(
        "cyclegan_resnet",
        "cyclegan_resnet",
        "images and gradients of the generator with 6 blocks",
        cyclegan_resnet.Generator((16, 24, 3), width=WIDTH),
    ),
    _row(
        "patchgan_instance",
        "patchgan",
        "logits and gradients with instance normalisation",
        _patchgan("instance"),
        _PATCHES,
    ),
    _row(
        "patchgan_batch",
        "patchgan",
        "logits and gradients of pairs with batch normalisation",
        _patchgan("batch"),
        _PATCHES,
    ),
    _row(
        "unet",
        "unet",
        "images and gradients with batch normalisation, without dropout",
        unet.Generator((32, 32, 3), width=WIDTH, depth=5, biases=False),
        "no dropout; biases of two layers, without them by biases=False",
    ),
]
