"""Training steps of PyTorch-StudioGAN: the turns of its worker, with recorded examples,
latents and labels."""

import copy
from unittest.mock import MagicMock, patch

from tests.parity import rows_studiogan_steps as cases
from tests.parity import rule
from tests.parity.oracles import studiogan_code, torch_side
from tests.parity.studiogan_names import cancelled

SOURCE = studiogan_code.SOURCE


def _worker(repository, made, generator, discriminator):
    """Return a worker with these networks, as its constructor leaves it, without its
    data, logs and metrics."""
    found, ema = studiogan_code.modules(repository, "worker", "utils.ema")
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
    if made.MODEL.apply_g_ema:
        worker.Gen_ema = copy.deepcopy(generator)
        decay, start = made.MODEL.g_ema_decay, made.MODEL.g_ema_start
        worker.ema = ema.Ema(generator, worker.Gen_ema, decay, start)
    if made.MODEL.d_cond_mtd == "D2DCE":
        numbers = made.DATA.num_classes, made.LOSS.temperature, made.LOSS.m_p
        loss = found.losses.Data2DataCrossEntropyLoss
        worker.cond_loss = loss(*numbers, master_rank="cpu", DDP=False)
    worker.Gen_mapping = worker.Gen_synthesis = None
    worker.is_stylegan = worker.adc_fake = False
    worker.blur_init_sigma = made.STYLEGAN.blur_init_sigma
    return worker, found


def trained(repository, name, values=rule.parameter, **changes):
    """Return how far parameters and spectral vectors move in some steps of a config
    with ``changes``."""
    made = studiogan_code.config(repository, name, **changes)
    generator, discriminator = studiogan_code.networks(repository, made, values)
    worker, found = _worker(repository, made, generator, discriminator)
    networks = {"generator.": generator, "discriminator.": discriminator}
    if worker.Gen_ema is not None:
        networks["average."] = worker.Gen_ema
    before = torch_side.copied(networks)
    n, turns = made.OPTIMIZATION.batch_size, made.OPTIMIZATION.d_updates_per_step
    for step in range(cases.STEPS):
        label = [
            torch_side.tensor(cases.labels(step, turn, n)).long()
            for turn in range(turns + 1)
        ]
        asked = iter(
            [("discriminator", turn) for turn in range(turns)] + [("generator", 0)]
        )

        def latents(asked=asked, step=step, label=label, **how):
            player, turn = next(asked)
            of = cases.LATENTS[name], step, player, turn, (n, made.MODEL.z_dim)
            own = label[turn if player == "discriminator" else -1]
            return torch_side.tensor(cases.latents(*of)), own, None

        images = [
            torch_side.tensor(cases.images(step, turn, n)) for turn in range(turns)
        ]
        basket = images, label[:turns]
        worker.sample_data_basket = lambda basket=basket: basket
        with patch.object(found.sample, "sample_zy", latents):
            worker.train_discriminator(current_step=step)
            worker.train_generator(current_step=step)
    after = torch_side.copied(networks)
    kept = {name: x for name, x in after.items() if not cancelled(name)}
    return torch_side.moved(before, kept)


def dcgan(repository):
    changes = {"OPTIMIZATION__batch_size": cases.DCGAN_N}
    return trained(repository, "DCGAN", cases.softened, **changes)


def reacgan(repository):
    changes = {
        "OPTIMIZATION__batch_size": cases.REACGAN_N,
        "MODEL__g_conv_dim": cases.WIDTH,
        "MODEL__d_conv_dim": cases.WIDTH,
        "MODEL__d_embed_dim": cases.EMBEDDING,
        "MODEL__g_ema_start": cases.AVERAGED,
    }
    return trained(repository, "ReACGAN", **changes)


FIXTURES = {"studiogan_dcgan_steps": dcgan, "studiogan_reacgan_steps": reacgan}
