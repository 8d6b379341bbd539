"""Training steps of PyTorch-StudioGAN: the turns of its worker, with recorded examples,
latents and labels."""

from unittest.mock import MagicMock, patch

import torch

from tests.parity import rule
from tests.parity.oracles import studiogan_code, torch_side

SOURCE = studiogan_code.SOURCE
STEPS, SAMPLES = 5, 2


def _worker(repository, made, generator, discriminator):
    """Return a worker with these networks, as its constructor leaves it, without its
    data, logs and metrics."""
    (found,) = studiogan_code.modules(repository, "worker")
    made.RUN = MagicMock(wraps=made.RUN)
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
    return worker, found


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


def dcgan(repository):
    """Return how far parameters move in some steps."""
    made = studiogan_code.config(repository, "DCGAN", OPTIMIZATION__batch_size=SAMPLES)
    generator, discriminator = studiogan_code.networks(repository, made)
    _soften(generator, discriminator)
    worker, found = _worker(repository, made, generator, discriminator)
    players = {"generator": generator, "discriminator": discriminator}
    before = {
        f"{player}.{name}": value.detach().clone()
        for player, module in players.items()
        for name, value in module.named_parameters()
    }
    turns = made.OPTIMIZATION.d_updates_per_step
    no_labels = torch.zeros(SAMPLES, dtype=torch.int64)
    for step in range(STEPS):
        asked = iter(
            [("discriminator", turn) for turn in range(turns)] + [("generator", 0)]
        )

        def latents(asked=asked, step=step, **how):
            player, turn = next(asked)
            z = rule.numbers(f"z {step} {player} {turn}", (SAMPLES, made.MODEL.z_dim))
            return torch_side.tensor(z), no_labels, None

        shape = SAMPLES, 3, 32, 32
        images = [
            torch_side.tensor(rule.images(f"images {step} {turn}", shape))
            for turn in range(turns)
        ]
        basket = images, [no_labels] * turns
        worker.sample_data_basket = lambda basket=basket: basket
        with patch.object(found.sample, "sample_zy", latents):
            worker.train_discriminator(current_step=step)
            worker.train_generator(current_step=step)
    return {
        f"moved/{player}.{name}": torch_side.array(value - before[f"{player}.{name}"])
        for player, module in players.items()
        for name, value in module.named_parameters()
        if not _cancels(name)
    }


def _cancels(name):
    """Return whether a batch normalisation cancels a bias. Its gradient is rounding,
    which Adam turns into a movement that is another one on each machine."""
    layer, _, kind = name.rpartition(".")
    return kind == "bias" and layer.endswith(("deconv0", "conv0", "conv1"))


FIXTURES = {"studiogan_dcgan_steps": dcgan}
