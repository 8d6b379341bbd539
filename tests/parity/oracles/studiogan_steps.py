"""Training steps of PyTorch-StudioGAN: the turns of its worker, with recorded examples,
latents and labels."""

from unittest.mock import MagicMock, patch

import torch

from tests.parity import rows_studiogan_steps as cases
from tests.parity.oracles import studiogan_code, torch_side
from tests.parity.studiogan_names import cancelled

SOURCE = studiogan_code.SOURCE
SAMPLES = 2


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


def dcgan(repository):
    """Return how far parameters move in some steps."""
    made = studiogan_code.config(repository, "DCGAN", OPTIMIZATION__batch_size=SAMPLES)
    generator, discriminator = studiogan_code.networks(repository, made, cases.softened)
    worker, found = _worker(repository, made, generator, discriminator)
    networks = {"generator.": generator, "discriminator.": discriminator}
    before = torch_side.copied(networks)
    turns = made.OPTIMIZATION.d_updates_per_step
    no_labels = torch.zeros(SAMPLES, dtype=torch.int64)
    for step in range(cases.STEPS):
        asked = iter(
            [("discriminator", turn) for turn in range(turns)] + [("generator", 0)]
        )

        def latents(asked=asked, step=step, **how):
            z = cases.latents(step, *next(asked), (SAMPLES, made.MODEL.z_dim))
            return torch_side.tensor(z), no_labels, None

        images = [
            torch_side.tensor(cases.images(step, turn, SAMPLES))
            for turn in range(turns)
        ]
        basket = images, [no_labels] * turns
        worker.sample_data_basket = lambda basket=basket: basket
        with patch.object(found.sample, "sample_zy", latents):
            worker.train_discriminator(current_step=step)
            worker.train_generator(current_step=step)
    after = torch_side.copied(networks)
    kept = {name: x for name, x in after.items() if not cancelled(name)}
    return torch_side.moved(before, kept)


FIXTURES = {"studiogan_dcgan_steps": dcgan}
