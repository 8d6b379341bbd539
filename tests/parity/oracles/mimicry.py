"""mimicry: SNGAN, the projection discriminator and WGAN-GP for 32 pixels, and training
by its ``Trainer``."""

import ast
import contextlib
import importlib
import io
import json
import sys
import tempfile
import types
from pathlib import Path
from unittest import mock

import jax
import numpy as np
import torch

from tests.parity import rule
from tests.parity.mimicry_names import cancelled
from tests.parity.oracles.torch_side import (
    array,
    copied,
    fill,
    gradients,
    moved,
    tensor,
)

SOURCE = "mimicry"
CLASSES, N, WIDTH, LATENTS = 10, 3, 4, 8
STEPS, TURNS = 5, 5


def imported(repository: Path, *names: str) -> list[types.ModuleType]:
    """Import modules, but not the parts of the package that read data or score."""
    for name in [x for x in sys.modules if x.partition(".")[0] == "torch_mimicry"]:
        del sys.modules[name]
    for name in ("", ".nets", ".training"):
        package = types.ModuleType(f"torch_mimicry{name}")
        package.__path__ = [str(repository / f"torch_mimicry{name}".replace(".", "/"))]
        sys.modules[f"torch_mimicry{name}"] = package
    common = types.ModuleType("torch_mimicry.utils.common")
    common.write_to_json = common.load_from_json = lambda *arguments: None
    utils = types.ModuleType("torch_mimicry.utils")
    utils.common = common
    logger = types.ModuleType("torch_mimicry.training.logger")
    logger.Logger = _Silent
    sys.modules["torch_mimicry.training"].logger = logger
    for module in (common, utils, logger):
        sys.modules[module.__name__] = module
    found = [importlib.import_module(f"torch_mimicry.{name}") for name in names]
    return found


class _Silent:
    """A logger that writes nothing."""

    def __init__(self, **settings):
        pass

    def __getattr__(self, name):
        return lambda *arguments, **more: None


def filled(network, prefix: str):
    fill(network, prefix)
    for layer in network.modules():
        if hasattr(layer, "embed"):  # gains near 1
            with torch.no_grad():
                layer.embed.weight[:, : layer.num_features] += 1
    return network


def generator_of(module, name: str, prefix: str, *classes):
    made = getattr(module, name)(*classes, nz=LATENTS, ngf=4 * WIDTH)
    return filled(made, f"{prefix}.G.")


def critic_of(module, name: str, prefix: str, *classes):
    return filled(getattr(module, name)(*classes, ndf=2 * WIDTH), f"{prefix}.D.")


def inputs(start: str):
    """Return latents, a direction, real and generated samples."""
    sides = (
        rule.images(f"{start}.{x}", (N, 3, 32, 32)) for x in ("along", "real", "fake")
    )
    return [tensor(rule.numbers(f"{start}.z", (N, LATENTS))), *map(tensor, sides)]


def networks(repository, module: str, names: tuple[str, str], start: str, classes=()):
    (module,) = imported(repository, f"nets.{module}")
    generator = generator_of(module, names[0], start, *classes)
    critic = critic_of(module, names[1], start, *classes)
    z, along, real, fake = inputs(start)
    label = ()
    if classes:
        label = (tensor(rule.labels(f"{start}.y", N, CLASSES).astype(np.int64)),)
    images = generator(z, *label)
    found = {"output/images": array(images)}
    (images * along).mean().backward()
    # The pass over generated samples comes second, after another power iteration.
    on_real = critic(real, *label)
    on_fake = critic(fake, *label)
    found["output/real_logits"] = array(on_real)[:, 0]
    found["output/fake_logits"] = array(on_fake)[:, 0]
    loss = critic.compute_gan_loss(output_real=on_real, output_fake=on_fake)
    found["loss/discriminator"] = array(loss)
    found["loss/generator"] = array(generator.compute_gan_loss(on_fake))
    if hasattr(critic, "compute_gradient_penalty_loss"):
        # One number for each sample, as ganjax draws them for these keys.
        keys = jax.random.split(jax.random.key(0), N)
        points = np.asarray(jax.vmap(jax.random.uniform)(keys))
        with mock.patch.object(torch, "rand", lambda *s: tensor(1 - points[:, None])):
            penalty = critic.compute_gradient_penalty_loss(real, fake)
        found["loss/penalty"] = array(penalty)
        loss = loss + penalty
    loss.backward()
    found |= gradients(generator, "G.") | gradients(critic, "D.")
    return found


def sngan(repository):
    names = "SNGANGenerator32", "SNGANDiscriminator32"
    return networks(repository, "sngan.sngan_32", names, "sngan_32")


def projection(repository):
    names = "CGANPDGenerator32", "CGANPDDiscriminator32"
    start = "sngan_projection_32"
    return networks(repository, "cgan_pd.cgan_pd_32", names, start, (CLASSES,))


def wgan_gp(repository):
    names = "WGANGPGenerator32", "WGANGPDiscriminator32"
    return networks(repository, "wgan_gp.wgan_gp_32", names, "wgan_gp_32")


class _Batches(list):
    batch_size = N


def training(repository):
    sngan, trainer = imported(repository, "nets.sngan.sngan_32", "training.trainer")
    generator = generator_of(sngan, "SNGANGenerator32", "sngan_32")
    critic = critic_of(sngan, "SNGANDiscriminator32", "sngan_32")
    settings = settings_of(repository)
    networks = {"G.": generator, "D.": critic}
    before = copied(networks)
    z = rule.numbers("sngan_steps.z", (STEPS, TURNS + 1, N, LATENTS))
    x = rule.images("sngan_steps.x", (STEPS * TURNS, N, 3, 32, 32))
    draws = iter(tensor(z).reshape(-1, N, LATENTS))
    adam = [
        torch.optim.Adam(network.parameters(), settings["rate"], settings["betas"])
        for network in (critic, generator)
    ]
    with tempfile.TemporaryDirectory() as folder:
        made = trainer.Trainer(
            netD=critic, netG=generator, optD=adam[0], optG=adam[1],
            n_dis=settings["n_dis"], num_steps=STEPS, lr_decay=settings["lr_decay"],
            dataloader=_Batches((images, torch.zeros(N)) for images in tensor(x)),
            log_dir=folder, device=torch.device("cpu"), print_steps=10**6,
        )  # fmt: skip
        latents = mock.patch.object(torch, "randn", lambda *size, **how: next(draws))
        with latents, contextlib.redirect_stdout(io.StringIO()):
            made.train()
    after = copied(networks)
    kept = {
        name: x
        for name, x in after.items()
        if name[0] == "D" or not cancelled(name.removeprefix("G."))
    }
    settings = np.array(json.dumps(settings))
    return {"input/settings": settings, **moved(before, kept)}


def settings_of(repository: Path) -> dict:
    """Return the settings of ``examples/sngan_example.py``, and of the table of the
    README for CIFAR-10."""
    text = (repository / "examples/sngan_example.py").read_text(encoding="utf-8")
    calls = [x for x in ast.walk(ast.parse(text)) if isinstance(x, ast.Call)]

    def called(name):
        return next(x for x in calls if getattr(x.func, "attr", "") == name)

    def named(name):
        return {
            x.arg: x.value.value
            for x in called(name).keywords
            if isinstance(x.value, ast.Constant)
        }

    trainer, adam = named("Trainer"), called("Adam")
    (betas,) = (ast.literal_eval(x.value) for x in adam.keywords if x.arg == "betas")
    readme = (repository / "README.md").read_text(encoding="utf-8")
    section = readme.partition("### CIFAR-10\n")[2]
    rows = [row for row in section.splitlines() if row.startswith("| 32 x 32 | 64 |")]
    return {
        "batch_size": named("DataLoader")["batch_size"],
        "rate": ast.literal_eval(adam.args[1]),
        "betas": betas,
        "n_dis": trainer["n_dis"],
        "lr_decay": trainer["lr_decay"],
        "table": [x.strip() for x in rows[0].strip("|").split("|")],
    }


FIXTURES = {
    "sngan_32": sngan,
    "sngan_projection_32": projection,
    "wgan_gp_32": wgan_gp,
    "sngan_cifar10_steps": training,
}
