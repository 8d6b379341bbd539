"""StyleGAN2 by NVIDIA: networks, loss and training phases."""

import contextlib
import copy
import inspect
from pathlib import Path
from unittest import mock

import numpy as np
import torch

from tests.parity import rows_stylegan2 as sizes
from tests.parity import rule, stylegan2_names
from tests.parity.given import CLASSES, one_hot
from tests.parity.oracles import nvidia_code
from tests.parity.oracles.torch_side import array, fill, gradients, imported, tensor
from tests.parity.rows_stylegan2 import GIVEN

SOURCE = "stylegan2-ada-pytorch"


def _filled(network, player):
    fill(network, f"stylegan2/{player}/", values=stylegan2_names.values)
    return network.train()


def _generator(repository, labelled=False):
    module = imported(repository, "training.networks")
    made = module.Generator(
        z_dim=sizes.LATENT,
        c_dim=CLASSES * labelled,
        w_dim=sizes.STYLE,
        img_resolution=sizes.SIZE,
        img_channels=3,
        mapping_kwargs={"num_layers": sizes.LAYERS},
        synthesis_kwargs={"channel_base": 1024, "channel_max": sizes.CHANNELS},
    )
    return _filled(made, "generator")


class _Draws:
    """Replaces what the authors' code draws by functions of the latents in use."""

    def __init__(self, z, size, normals=()):
        self.z, self.sides, self.seen = z, sizes.sides(size), 0
        self.normals = list(normals)

    def noise(self, shape, **_):
        layer = self.seen % len(self.sides)
        side = self.sides[layer]
        assert list(shape) == [len(self.z), 1, side, side]
        self.seen += 1
        return tensor(sizes.noise(self.z, layer, side))

    def normal(self, like):
        made = tensor(self.normals.pop(0))
        assert made.shape == like.shape
        return made

    @contextlib.contextmanager
    def used(self, crossover=None):
        def first(empty, *_):
            return empty.fill_(crossover)

        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.object(torch, "randn", self.noise))
            stack.enter_context(mock.patch.object(torch, "randn_like", self.normal))
            if crossover is not None:
                stack.enter_context(mock.patch.object(torch.Tensor, "random_", first))
            yield


def _loss(repository, generator, discriminator=None, **options):
    made = imported(repository, "training.loss")
    return made.StyleGAN2Loss(
        device=torch.device("cpu"),
        G_mapping=generator.mapping,
        G_synthesis=generator.synthesis,
        D=discriminator,
        **options,
    )


def generator(repository):
    network = _generator(repository, labelled=True)
    z, label = GIVEN.latents("z", sizes.N), GIVEN.labels("label", sizes.N)
    with _Draws(z, sizes.SIZE).used():
        styles = network.mapping(tensor(z), tensor(one_hot(label)))
        image = network.synthesis(styles)
    (image * tensor(GIVEN.images("probe", sizes.N))).sum().backward()
    found = {"output/image": array(image), "output/style": array(styles[:, 0])}
    return found | gradients(network)


def truncation(repository):
    network = _generator(repository).eval()
    network.mapping.w_avg.copy_(tensor(sizes.average_style()))
    z = GIVEN.latents("z", sizes.N)
    with _Draws(z, sizes.SIZE).used(), torch.no_grad():
        image = network(tensor(z), None, truncation_psi=sizes.PSI)
    return {"output/image": array(image)}


def mixing(repository):
    network, images = _generator(repository), []
    loss = _loss(repository, network, style_mixing_prob=1)
    z = GIVEN.latents("z", sizes.N)
    second, crossover = sizes.mixed(z)
    # Their loss draws one layer for a batch, so each sample is a batch here.
    for i in range(sizes.N):
        of_sample = _Draws(z[i : i + 1], sizes.SIZE, [second[i : i + 1]])
        with of_sample.used(int(crossover[i])), torch.no_grad():
            image, _ = loss.run_G(tensor(z[i : i + 1]), None, sync=True)
        images.append(array(image))
    return {"output/image": np.concatenate(images)}


def _discriminator(repository, architecture, labelled, size, group):
    module = imported(repository, "training.networks")
    made = module.Discriminator(
        c_dim=CLASSES * labelled,
        img_resolution=size,
        img_channels=3,
        architecture=architecture,
        channel_base=1024,
        channel_max=sizes.CHANNELS,
        epilogue_kwargs={"mbstd_group_size": group},
    )
    return _filled(made, "discriminator")


def _judged(repository, architecture, labelled):
    network = _discriminator(
        repository, architecture, labelled, sizes.LARGER, sizes.GROUP
    )
    n = sizes.DISCRIMINATOR_N
    order = sizes.discriminator_order(n, sizes.GROUP)
    x = tensor(GIVEN.images("x", n, size=sizes.LARGER)[order]).requires_grad_(True)
    label = tensor(one_hot(GIVEN.labels("label", n)[order]))
    logits = network(x, label)[:, 0]
    (logits * tensor(rule.numbers("stylegan2/logits", (n,))[order])).sum().backward()
    back = np.argsort(order)
    found = {
        "output/logits": array(logits)[back],
        "gradient/input": array(x.grad)[back],
    }
    return found | gradients(network)


def discriminator(repository):
    return _judged(repository, "resnet", False)


def discriminator_labels(repository):
    return _judged(repository, "orig", True)


def path_length(repository):
    network = _generator(repository)
    loss = _loss(
        repository, network, style_mixing_prob=1, pl_batch_shrink=sizes.SHRINK,
        pl_decay=sizes.DECAY, pl_weight=sizes.WEIGHT,
    )  # fmt: skip
    loss.pl_mean.fill_(sizes.PATH_MEAN)
    # They take the first half of a batch, we take every second sample.
    z = sizes.path_latents()
    seen = z[:: sizes.SHRINK]
    second, (layer, *_) = sizes.mixed(seen)
    draws = _Draws(seen, sizes.SIZE, [second, sizes.path_probe()])
    rest = np.concatenate([z[i :: sizes.SHRINK] for i in range(sizes.SHRINK)])
    stats = inspect.getmodule(type(loss)).training_stats
    network.requires_grad_(True)
    with draws.used(int(layer)), mock.patch.object(stats, "report") as report:
        loss.accumulate_gradients(
            phase="Greg", real_img=None, real_c=None, gen_z=tensor(rest),
            gen_c=torch.zeros([len(rest), 0]), sync=True, gain=1,
        )  # fmt: skip
    (value,) = [c.args[1] for c in report.call_args_list if c.args[0] == "Loss/G/reg"]
    found = {
        "input/z": z,
        "loss/path_length": array(value.mean()),
        "output/average": array(loss.pl_mean),
    }
    return found | gradients(network)


def preset(repository: Path, **options) -> dict:
    """Return the arguments of the authors' training loop for ``--cfg=cifar --cond=1``,
    with further arguments of their command line."""
    with nvidia_code.small_data() as folder:
        train = imported(repository, "train")
        _, wanted = train.setup_training_loop_kwargs(
            gpus=2, data=folder, cfg="cifar", cond=True, metrics=[], **options
        )
    loop = inspect.signature(train.training_loop.training_loop)
    # Arguments that the command line does not set have the loop's defaults.
    return {name: x.default for name, x in loop.parameters.items()} | wanted


def steps(repository):
    wanted = preset(repository, aug="noaug", fp32=True)
    group = wanted["D_kwargs"]["epilogue_kwargs"]["mbstd_group_size"]
    networks = {
        "generator": _generator(repository, labelled=True),
        "discriminator": _discriminator(
            repository, wanted["D_kwargs"]["architecture"], True, sizes.SIZE,
            group,
        ),
    }  # fmt: skip
    layers = wanted["G_kwargs"]["mapping_kwargs"]["num_layers"]
    assert layers == sizes.LAYERS
    options = {k: v for k, v in wanted["loss_kwargs"].items() if k != "class_name"}
    loss = _loss(
        repository, networks["generator"], networks["discriminator"], **options
    )
    average = copy.deepcopy(networks["generator"])
    before = nvidia_code.states(networks, average)
    optimizers, phases = {}, []
    for player, letter in (("discriminator", "D"), ("generator", "G")):
        interval = wanted[f"{letter}_reg_interval"]
        options = wanted[f"{letter}_opt_kwargs"]
        rate, betas = _lazily(options, interval)
        optimizers[player] = nvidia_code.adam(
            networks[player], options, lr=rate, betas=betas
        )
        phases += [(player, f"{letter}main", 1), (player, f"{letter}reg", interval)]
    given, n = GIVEN.turns(sizes.STEPS, sizes.N), sizes.N
    for i in range(sizes.STEPS):
        # Ours counts steps from 1 where a term is lazy, theirs from 0.
        step = sizes.FIRST + i
        for player, phase, interval in phases:
            if (step + 1) % interval:
                continue
            turn = {name: x[i] for name, x in given[player].items()}
            nvidia_code.freed(networks, player)
            c = tensor(one_hot(turn["label"]))
            with _Draws(turn["z"], sizes.SIZE).used():
                loss.accumulate_gradients(
                    phase=phase, real_img=tensor(turn["real"]), real_c=c,
                    gen_z=tensor(turn["z"]), gen_c=c, sync=True, gain=interval,
                )  # fmt: skip
            optimizers[player].step()
        images = min(wanted["ema_kimg"] * 1000, step * n * wanted["ema_rampup"])
        nvidia_code.average(average, networks["generator"], n, images)
    after, adaptive = (
        nvidia_code.states(networks, average),
        preset(repository, aug="ada"),
    )
    numbers = _numbers(wanted, adaptive)
    return nvidia_code.results(before, after, numbers, adaptive["augment_kwargs"])


def _lazily(options, interval):
    """Return rate and betas for lazy regularisation, as their loop changes them."""
    share = interval / (interval + 1)
    return options["lr"] * share, [beta**share for beta in options["betas"]]


def _numbers(wanted, adaptive):
    """Return the numbers of the presets that a test compares."""
    found = {
        "kimg": wanted["total_kimg"],
        "batch_size": wanted["batch_size"],
        "ema_kimg": wanted["ema_kimg"],
        "ema_rampup": wanted["ema_rampup"],
        "eps": wanted["G_opt_kwargs"]["eps"],
        "r1_gamma": wanted["loss_kwargs"]["r1_gamma"],
        "r1_interval": wanted["D_reg_interval"],
        "path_length": wanted["loss_kwargs"]["pl_weight"],
        "mixing": wanted["loss_kwargs"]["style_mixing_prob"],
        "latent": wanted["G_kwargs"]["z_dim"],
        "style": wanted["G_kwargs"]["w_dim"],
        "mapping_layers": wanted["G_kwargs"]["mapping_kwargs"]["num_layers"],
        "generator channels": [
            wanted["G_kwargs"]["synthesis_kwargs"][x]
            for x in ("channel_base", "channel_max")
        ],
        "discriminator channels": [
            wanted["D_kwargs"][x] for x in ("channel_base", "channel_max")
        ],
        "residual": wanted["D_kwargs"]["architecture"] == "resnet",
        "group": wanted["D_kwargs"]["epilogue_kwargs"]["mbstd_group_size"],
        "mirror": wanted["training_set_kwargs"]["xflip"],
        "ada_target": adaptive["ada_target"],
        "ada_interval": adaptive["ada_interval"],
        "ada_kimg": adaptive["ada_kimg"],
    }
    for player, letter in (("generator", "G"), ("discriminator", "D")):
        rate, betas = _lazily(
            wanted[f"{letter}_opt_kwargs"], wanted[f"{letter}_reg_interval"]
        )
        found[f"{player} rate"], found[f"{player} betas"] = rate, betas
    return found


FIXTURES = {
    "stylegan2_generator": generator,
    "stylegan2_truncation": truncation,
    "stylegan2_mixing": mixing,
    "stylegan2_discriminator": discriminator,
    "stylegan2_discriminator_labels": discriminator_labels,
    "stylegan2_path_length": path_length,
    "stylegan2_cifar10": steps,
}
