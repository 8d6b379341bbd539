"""CycleGAN and pix2pix: the authors' networks, models, pool and defaults."""

import argparse
import ast
import sys
from pathlib import Path

import numpy as np
import torch

from tests.parity import rows_translation as cases
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


def _patchgan(row, normalization):
    def made(repository):
        networks, channels = _networks(repository), cases.NETWORKS[row][0][1]
        norm = networks.get_norm_layer(normalization)
        module = networks.NLayerDiscriminator(channels, cases.WIDTH, norm_layer=norm)
        return _differentiated(row, module)

    return made


def _unet(repository):
    networks = _networks(repository)
    norm = networks.get_norm_layer("batch")
    module = networks.UnetGenerator(3, 3, 5, cases.WIDTH, norm_layer=norm)
    return _differentiated("unet", module)


class Recorded:
    """Replaces ``random`` in the module of the authors' pool by given draws."""

    def __init__(self, uniform, slots):
        self.draws, self.slot = iter(zip(uniform, slots, strict=True)), None

    def uniform(self, low, high):
        chance, self.slot = next(self.draws)
        return chance

    def randint(self, low, high):
        return int(self.slot)


def _pool(repository):
    module = imported(repository, "util.image_pool")
    n = cases.POOL_SHAPE[0]
    uniform = np.abs(rule.numbers("image_pool/uniform", (n,))) % 1
    slots = rule.labels("image_pool/slots", n, cases.POOL_SIZE)
    full = slice(cases.POOL_SIZE, None)
    module.random = Recorded(uniform[full], slots[full])
    pool = module.ImagePool(cases.POOL_SIZE)
    images = tensor(rule.images("image_pool/images", cases.POOL_SHAPE))
    shown = [pool.query(part) for part in images.split(cases.POOL_QUERY)]
    return {
        "input/uniform": uniform,
        "input/slot": slots,
        "output/shown": array(torch.cat(shown)),
        "output/pool": array(torch.cat(pool.images)),
    }


def _defaults(repository: Path, *files: str) -> argparse.Namespace:
    """Return the defaults of the authors' command line, read from their files."""
    values = {}
    for file in files:
        for node in ast.walk(ast.parse((repository / file).read_text())):
            called = getattr(getattr(node, "func", None), "attr", "")
            given = {x.arg: x.value for x in getattr(node, "keywords", ())}
            literal = {k: x.value for k, x in given.items() if hasattr(x, "value")}
            if called == "set_defaults":
                values |= literal
            elif called == "add_argument":
                name = node.args[0].value.lstrip("-")
                values[name] = literal.get("default", False)
    values |= {"isTrain": True, "gpu_ids": []}
    return argparse.Namespace(**values)


_OPTIONS = "options/base_options.py", "options/train_options.py"


def _options(repository, model, **own):
    found = _defaults(repository, *_OPTIONS, f"models/{model}_model.py")
    small = {"input_nc": 1, "output_nc": 1, "ngf": cases.WIDTH, "ndf": cases.WIDTH,
             "netD": "n_layers", "n_layers_D": cases.LAYERS}  # fmt: skip
    return argparse.Namespace(**{**vars(found), **small, **own})


def _step(model, images):
    model.set_input({"A": tensor(images["a"]), "B": tensor(images["b"]), "A_paths": []})
    model.optimize_parameters()


def _followed(networks, names, advance):
    """Return how far the parameters move during ``advance()``. ``networks``: prefix ->
    module; ``names``: prefix -> the parameters that count."""

    def copies():
        return {
            f"{prefix}.{name}": array(value).copy()
            for prefix, module in networks.items()
            for name, value in module.named_parameters()
            if name in names[prefix]
        }

    before = copies()
    advance()
    after = copies()
    return {f"moved/{name}": after[name] - before[name] for name in before}


def _cyclegan(row):
    def made(repository):
        module = imported(repository, "models.cycle_gan_model")
        networks = module.networks
        norm = networks.get_norm_layer("instance")

        def translator(inputs, outputs, width, *_):
            return networks.ResnetGenerator(
                inputs, outputs, width, norm_layer=norm, n_blocks=cases.BLOCKS
            )

        networks.define_G = translator
        model = module.CycleGANModel(_options(repository, "cycle_gan"))
        made = {
            name: getattr(model, f"net{name}") for name in cases.TRANSLATORS.values()
        }
        for name, network in made.items():
            fill(network, f"cyclegan.{name}.")
        if row == "cyclegan_step":
            for domain in ("a", "b"):
                pool = getattr(model, f"fake_{domain.upper()}_pool")
                pool.images = list(tensor(cases.stored(domain)).split(1))
                pool.num_imgs = cases.POOL_SIZE
            # The authors update D_A, our critic of domain b, first.
            chances = [cases.CHANCES[name] for name in ("critic_b", "critic_a")]
            recorded = Recorded(*zip(*chances, strict=True))
            sys.modules[module.ImagePool.__module__].random = recorded
        losses = []

        def advance():
            for step in range(cases.STEPS[row]):
                shape = (1, 1, cases.SIZE, cases.SIZE)
                _step(model, cases.domains("cyclegan", step, shape))
                cycle = model.loss_cycle_A + model.loss_cycle_B
                same = model.loss_idt_A + model.loss_idt_B
                losses.append(
                    {
                        "generators": model.loss_G,
                        "adversarial": model.loss_G_A + model.loss_G_B,
                        "cycle": cycle / model.opt.lambda_A,
                        "identity": same
                        / (model.opt.lambda_A * model.opt.lambda_identity),
                        "critic_a": model.loss_D_B,
                        "critic_b": model.loss_D_A,
                    }
                )

        names = {theirs: cases.NAMES[own] for own, theirs in cases.TRANSLATORS.items()}
        moved = _followed(made, names, advance)
        paid = {
            f"loss/{name}": np.array([float(x[name].detach()) for x in losses])
            for name in losses[0]
        }
        return moved | paid

    return made


def _pix2pix(repository):
    module = imported(repository, "models.pix2pix_model")
    networks = module.networks
    norm = networks.get_norm_layer("batch")
    networks.define_G = lambda inputs, outputs, width, *_: networks.UnetGenerator(
        inputs, outputs, 5, width, norm_layer=norm
    )
    model = module.Pix2PixModel(_options(repository, "pix2pix", no_dropout=True))
    made = {"generator": model.netG, "discriminator": model.netD}
    for name, network in made.items():
        fill(network, f"pix2pix.{name}.")
    images = cases.domains("pix2pix", 0, cases.PAIR_SHAPE)
    moved = _followed(made, cases.PAIR_NAMES, lambda: _step(model, images))
    losses = {
        "discriminator": model.loss_D,
        "generator": model.loss_G,
        "adversarial": model.loss_G_GAN,
        "l1": model.loss_G_L1 / model.opt.lambda_L1,
    }
    return moved | {f"loss/{name}": array(x)[None] for name, x in losses.items()}


def _rates(repository):
    options = _options(repository, "cycle_gan")
    rate = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([rate], lr=options.lr)
    scheduler = _networks(repository).get_scheduler(optimizer, options)
    rates = []
    for _ in range(options.n_epochs + options.n_epochs_decay):
        scheduler.step()  # at the beginning of each epoch
        rates.append(optimizer.param_groups[0]["lr"] / options.lr)
    return {"output/rate": np.array(rates)}


def _numbers(repository, model, **weights):
    found = _defaults(repository, *_OPTIONS, f"models/{model}_model.py")
    numbers = {
        "rate/1e-4": found.lr / 1e-4,
        "beta1": found.beta1,
        "generator width": found.ngf,
        "discriminator width": found.ndf,
        "discriminator layers": found.n_layers_D,
        **{name: weight(found) for name, weight in weights.items()},
    }
    return {f"output/{name}": np.array(float(x)) for name, x in numbers.items()}


def _cyclegan_numbers(repository):
    return _numbers(
        repository,
        "cycle_gan",
        cycle=lambda x: x.lambda_A,
        identity=lambda x: x.lambda_A * x.lambda_identity,
        pool=lambda x: x.pool_size,
    )


def _pix2pix_numbers(repository):
    return _numbers(repository, "pix2pix", l1=lambda x: x.lambda_L1)


FIXTURES = {
    "cyclegan_resnet": _resnet,
    "patchgan_instance": _patchgan("patchgan_instance", "instance"),
    "patchgan_batch": _patchgan("patchgan_batch", "batch"),
    "unet": _unet,
    "image_pool": _pool,
    "cyclegan_step": _cyclegan("cyclegan_step"),
    "cyclegan_5_steps": _cyclegan("cyclegan_5_steps"),
    "cyclegan_defaults": _cyclegan_numbers,
    "pix2pix_step": _pix2pix,
    "pix2pix_defaults": _pix2pix_numbers,
    "translation_rates": _rates,
}
