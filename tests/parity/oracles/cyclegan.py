"""CycleGAN: the authors' model, pool and defaults."""

import functools
import sys

import numpy as np
import torch

from tests.parity import rows_cyclegan as cases
from tests.parity import rule
from tests.parity.oracles.torch_side import array, fill, imported, tensor
from tests.parity.oracles.translation_code import followed, numbers, options, step
from tests.parity.translation import domains

SOURCE = cases.SOURCE


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


def _cyclegan(row, repository):
    module = imported(repository, "models.cycle_gan_model")
    networks = module.networks
    norm = networks.get_norm_layer("instance")

    def translator(inputs, outputs, width, *_):
        return networks.ResnetGenerator(
            inputs, outputs, width, norm_layer=norm, n_blocks=cases.BLOCKS
        )

    networks.define_G = translator
    model = module.CycleGANModel(options(repository, "cycle_gan"))
    made = {
        f"{name}.": getattr(model, f"net{name}") for name in cases.TRANSLATORS.values()
    }
    for name, network in made.items():
        fill(network, f"cyclegan.{name}")
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
        for i in range(cases.STEPS[row]):
            shape = (1, 1, cases.SIZE, cases.SIZE)
            step(model, domains("cyclegan", i, shape))
            cycle = model.loss_cycle_A + model.loss_cycle_B
            same = model.loss_idt_A + model.loss_idt_B
            losses.append(
                {
                    "generators": model.loss_G,
                    "adversarial": model.loss_G_A + model.loss_G_B,
                    "cycle": cycle / model.opt.lambda_A,
                    "identity": same / (model.opt.lambda_A * model.opt.lambda_identity),
                    "critic_a": model.loss_D_B,
                    "critic_b": model.loss_D_A,
                }
            )

    names = {f"{x}.": cases.NAMES[own] for own, x in cases.TRANSLATORS.items()}
    moved = followed(made, names, advance)
    paid = {
        f"loss/{name}": np.array([float(x[name].detach()) for x in losses])
        for name in losses[0]
    }
    return moved | paid


def _rates(repository):
    made = options(repository, "cycle_gan")
    rate = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([rate], lr=made.lr)
    scheduler = imported(repository, "models.networks").get_scheduler(optimizer, made)
    rates = []
    for _ in range(made.n_epochs + made.n_epochs_decay):
        scheduler.step()  # at the beginning of each epoch
        rates.append(optimizer.param_groups[0]["lr"] / made.lr)
    return {"output/rate": np.array(rates)}


def _cyclegan_numbers(repository):
    return numbers(
        repository,
        "cycle_gan",
        cycle=lambda x: x.lambda_A,
        identity=lambda x: x.lambda_A * x.lambda_identity,
        pool=lambda x: x.pool_size,
    )


FIXTURES = {
    "image_pool": _pool,
    **{row: functools.partial(_cyclegan, row) for row in cases.STEPS},
    "cyclegan_defaults": _cyclegan_numbers,
    "translation_rates": _rates,
}
