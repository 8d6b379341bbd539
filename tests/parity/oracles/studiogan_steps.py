"""Training steps of PyTorch-StudioGAN: the turns of its worker, with recorded examples,
latents and labels."""

import copy
import functools
from unittest.mock import MagicMock, patch

import torch

from tests.parity import rule
from tests.parity.oracles import studiogan_code, torch_side

SOURCE = studiogan_code.SOURCE
STEPS = 5
BATCH = {"DCGAN": 2, "ReACGAN": 8}
CHANGES = {
    "DCGAN": {},
    "ReACGAN": {
        "MODEL__g_conv_dim": 8,
        "MODEL__d_conv_dim": 8,
        "MODEL__d_embed_dim": 16,
        "MODEL__g_ema_start": 2,
    },
}


def _worker(repository, made, generator, discriminator):
    """Return a worker with these networks, as its constructor leaves it, without its
    data, logs and metrics."""
    found, misc, losses, ema = studiogan_code.modules(
        repository, "worker", "utils.misc", "utils.losses", "utils.ema"
    )
    model, made.RUN = made.MODEL, MagicMock(wraps=made.RUN)
    made.RUN.mixed_precision = made.RUN.distributed_data_parallel = False
    made.RUN.synchronized_bn = made.RUN.empty_cache = False
    made.RUN.freezeD = -1
    made.define_losses()
    made.define_augments("cpu")
    made.define_optimizer(generator, discriminator)
    worker = found.WORKER.__new__(found.WORKER)
    worker.cfgs = made
    for section in ("DATA", "MODEL", "LOSS", "STYLEGAN", "OPTIMIZATION", "AUG", "RUN"):
        setattr(worker, section, getattr(made, section))
    worker.MISC, worker.local_rank, worker.DDP = made.MISC, "cpu", False
    worker.Gen, worker.Dis, worker.Gen_ema = generator, discriminator, None
    worker.Gen_mapping = worker.Gen_synthesis = None
    worker.is_stylegan = worker.adc_fake = False
    worker.blur_init_sigma = made.STYLEGAN.blur_init_sigma
    if model.d_cond_mtd == "D2DCE":
        worker.cond_loss = losses.Data2DataCrossEntropyLoss(
            made.DATA.num_classes, made.LOSS.temperature, made.LOSS.m_p, "cpu", False
        )
    if model.apply_g_ema:
        worker.Gen_ema = copy.deepcopy(generator)
        worker.ema = ema.Ema(
            generator, worker.Gen_ema, model.g_ema_decay, model.g_ema_start
        )
    return worker, found


def _labels(step, player, turn, n):
    return torch_side.tensor(rule.labels(f"label {step} {player} {turn}", n, 10)).long()


def _soften(generator, discriminator):
    """Change parameters so that rounding does not grow.

    Adam divides a gradient by its size. So a gradient that is rounding moves a
    parameter as far as any other, unless the rounding is far below ``eps``. Gradients
    are small if the last kernel of the discriminator is. And few ReLUs read a number
    near zero if the shifts of batch normalisation are large.
    """
    with torch.no_grad():
        for module in (generator, discriminator):
            for name, value in module.named_parameters():
                if ".bn" in f".{name}" and name.endswith("bias"):
                    shift = 1 if name == "bn1.bias" else 2.5
                    value[::2] += shift
                    value[1::2] -= shift
        discriminator.linear1.weight *= 1e-2


def steps(name, repository):
    """Return how far parameters (and the average) move in some steps."""
    n, changes = BATCH[name], {"OPTIMIZATION__batch_size": BATCH[name]}
    made = studiogan_code.config(repository, name, **changes, **CHANGES[name])
    generator, discriminator = studiogan_code.networks(repository, made)
    if name == "DCGAN":
        _soften(generator, discriminator)
    worker, found = _worker(repository, made, generator, discriminator)
    players = {"generator": generator, "discriminator": discriminator}
    before = {
        f"{player}.{name}": value.detach().clone()
        for player, module in players.items()
        for name, value in module.named_parameters()
    }
    turns = made.OPTIMIZATION.d_updates_per_step
    for step in range(STEPS):
        asked = iter(
            [("discriminator", turn) for turn in range(turns)] + [("generator", 0)]
        )

        def latents(asked=asked, step=step, **how):
            player, turn = next(asked)
            z = rule.numbers(f"z {step} {player} {turn}", (n, made.MODEL.z_dim))
            return torch_side.tensor(z), _labels(step, player, turn, n), None

        examples = [
            (
                torch_side.tensor(rule.images(f"images {step} {turn}", (n, 3, 32, 32))),
                _labels(step, "discriminator", turn, n),
            )
            for turn in range(turns)
        ]
        worker.sample_data_basket = lambda examples=examples: zip(
            *examples, strict=True
        )
        with patch.object(found.sample, "sample_zy", latents):
            worker.train_discriminator(current_step=step)
            worker.train_generator(current_step=step)
    moved = {
        f"moved/{player}.{name}": torch_side.array(value - before[f"{player}.{name}"])
        for player, module in players.items()
        for name, value in module.named_parameters()
    }
    if worker.Gen_ema is not None:
        for of, value in worker.Gen_ema.named_parameters():
            change = value - before[f"generator.{of}"]
            moved[f"moved/average.{of}"] = torch_side.array(change)
    return {
        **studiogan_code.fields(repository, name),
        **{k: x for k, x in moved.items() if not _cancels(name, k)},
    }


def _cancels(name, parameter):
    """Return whether a batch normalisation cancels a bias. Its gradient is rounding,
    which Adam turns into a movement that is another one on each machine."""
    if not parameter.endswith(".bias"):
        return False
    if name == "DCGAN":
        layer = parameter.removesuffix(".bias").rpartition(".")[2]
        return layer in ("deconv0", "conv0", "conv1")
    return ".conv2d" in parameter and "generator" in parameter.replace(
        "average", "generator"
    )


FIXTURES = {
    f"studiogan_{name.lower()}_steps": functools.partial(steps, name) for name in BATCH
}
