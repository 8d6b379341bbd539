"""The networks of CycleGAN and pix2pix."""

import functools

import torch

from tests.parity import rows_translation_networks as cases
from tests.parity import rule
from tests.parity.oracles.torch_side import array, fill, imported, tensor

SOURCE = cases.SOURCE


def _networks(repository):
    return imported(repository, "models.networks")


def _differentiated(row, module):
    shape, names = cases.NETWORKS[row]
    fill(module, f"{row}.")
    x = tensor(rule.images(f"{row}/images", shape)).requires_grad_()
    y = module.train()(x)
    weight = tensor(rule.numbers(f"{row}/weight", tuple(y.shape)))
    torch.sum(y * weight).backward()
    by_name = dict(module.named_parameters())
    return {
        "output/images": array(y),
        "gradient/images": array(x.grad),
        **{f"gradient/{name}": array(by_name[name].grad) for name in names},
    }


def _resnet(repository):
    networks = _networks(repository)
    norm = networks.get_norm_layer("instance")
    module = networks.ResnetGenerator(3, 3, cases.WIDTH, norm_layer=norm, n_blocks=6)
    return _differentiated("cyclegan_resnet", module)


def _patchgan(row, normalization, repository):
    networks, channels = _networks(repository), cases.NETWORKS[row][0][1]
    norm = networks.get_norm_layer(normalization)
    module = networks.NLayerDiscriminator(channels, cases.WIDTH, norm_layer=norm)
    return _differentiated(row, module)


def _unet(repository):
    networks = _networks(repository)
    norm = networks.get_norm_layer("batch")
    module = networks.UnetGenerator(3, 3, 5, cases.WIDTH, norm_layer=norm)
    return _differentiated("unet", module)


FIXTURES = {
    "cyclegan_resnet": _resnet,
    "patchgan_instance": functools.partial(_patchgan, "patchgan_instance", "instance"),
    "patchgan_batch": functools.partial(_patchgan, "patchgan_batch", "batch"),
    "unet": _unet,
}
