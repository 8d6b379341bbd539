"""pix2pix: the authors' model and defaults."""

from tests.parity import rows_pix2pix as cases
from tests.parity.oracles.torch_side import array, fill, imported
from tests.parity.oracles.translation_code import followed, numbers, options, step
from tests.parity.translation import domains

SOURCE = cases.SOURCE


def _pix2pix(repository):
    module = imported(repository, "models.pix2pix_model")
    networks = module.networks
    norm = networks.get_norm_layer("batch")
    networks.define_G = lambda inputs, outputs, width, *_: networks.UnetGenerator(
        inputs, outputs, 5, width, norm_layer=norm
    )
    model = module.Pix2PixModel(options(repository, "pix2pix", no_dropout=True))
    made = {"generator.": model.netG, "discriminator.": model.netD}
    for name, network in made.items():
        fill(network, f"pix2pix.{name}")
    images = domains("pix2pix", 0, cases.SHAPE)
    names = {f"{name}.": own for name, own in cases.NAMES.items()}
    moved = followed(made, names, lambda: step(model, images))
    losses = {
        "discriminator": model.loss_D,
        "generator": model.loss_G,
        "adversarial": model.loss_G_GAN,
        "l1": model.loss_G_L1 / model.opt.lambda_L1,
    }
    return moved | {f"loss/{name}": array(x)[None] for name, x in losses.items()}


def _pix2pix_numbers(repository):
    return numbers(repository, "pix2pix", l1=lambda x: x.lambda_L1)


FIXTURES = {"pix2pix_step": _pix2pix, "pix2pix_defaults": _pix2pix_numbers}
