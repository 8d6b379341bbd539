"""BigGAN-PyTorch: networks, hinge losses, the orthogonal term, and training steps."""

import contextlib
import io
import json
import shlex
import sys
import types
from pathlib import Path

import numpy as np
import torch

from tests.parity import rows_biggan as cases
from tests.parity import rule
from tests.parity.biggan_names import cancelled
from tests.parity.oracles.torch_side import (
    array,
    copied,
    fill,
    gradients,
    imported,
    moved,
    tensor,
)
from tests.parity.rows_biggan import BEGIN, CLASSES, STEPS, TURNS, N

SOURCE = "BigGAN-PyTorch"
TINY = {
    32: {"G_ch": 4, "D_ch": 4, "dim_z": 8, "G_attn": "0", "D_attn": "0"},
    64: {"G_ch": 4, "D_ch": 8, "dim_z": 20, "G_attn": "32", "D_attn": "32",
         "G_shared": True, "hier": True, "shared_dim": 6},
    128: {"G_ch": 4, "D_ch": 8, "dim_z": 18, "G_attn": "64", "D_attn": "64",
          "G_shared": True, "hier": True, "shared_dim": 6},
}  # fmt: skip


class _Anything(types.ModuleType):
    """A module of which every name is a function that does nothing."""

    __path__: list = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        inner = sys.modules.get(f"{self.__name__}.{name}")
        return inner or type(name, (), {})


@contextlib.contextmanager
def without_pictures():
    """Replace the modules that read data sets and draw pictures. Nothing here runs
    them, and the training functions import them."""
    names = [
        "torchvision", "torchvision.datasets", "torchvision.datasets.utils",
        "torchvision.transforms", "torchvision.utils", "tqdm", "h5py", "PIL",
        "PIL.Image", "animal_hash", "sync_batchnorm",
    ]  # fmt: skip
    held = {name: sys.modules.get(name) for name in names}
    sys.modules.update({name: _Anything(name) for name in names})
    try:
        yield
    finally:
        for name, module in held.items():
            del sys.modules[name]
            if module is not None:
                sys.modules[name] = module


def modules(repository: Path, *names: str) -> list[types.ModuleType]:
    """Import modules from the folder of a code that names them without a package."""
    for name in ("layers", "losses", "utils", "datasets", "train_fns", "BigGAN"):
        sys.modules.pop(name, None)
    with without_pictures():
        return [imported(repository, name) for name in names]


def network(module, size: int, kind: str, **more):
    """Return a generator or a discriminator of a tiny width, filled by the rule."""
    settings = {"resolution": size, "n_classes": CLASSES, "G_shared": False}
    settings |= TINY[size] | more
    with contextlib.redirect_stdout(io.StringIO()):
        made = getattr(module, kind)(**settings)
    fill(made, f"biggan_{size}.{kind[0]}.")
    return made


def latents(size: int) -> torch.Tensor:
    return tensor(rule.numbers(f"biggan_{size}.latents", (N, TINY[size]["dim_z"])))


def labels(size: int) -> torch.Tensor:
    return tensor(rule.labels(f"biggan_{size}.y", N, CLASSES).astype(np.int64))


def networks_at(size: int):
    def made(repository):
        module, losses = modules(repository, "BigGAN", "losses")
        generator = network(module, size, "Generator")
        critic = network(module, size, "Discriminator")
        y = labels(size)
        found = {}
        # The generator's output alone, against a recorded direction.
        images = generator(latents(size), generator.shared(y))
        found["output/images"] = array(images)
        along = tensor(rule.images(f"biggan_{size}.along", tuple(images.shape)))
        (images * along).mean().backward()
        found |= gradients(generator, "G.")
        # The discriminator sees generated and real samples in one pass.
        real, fake = (
            tensor(rule.images(f"biggan_{size}.{side}", tuple(images.shape)))
            for side in ("real", "fake")
        )
        real = cases.CONTRAST[size] * real
        logits = critic(torch.cat([fake, real]), torch.cat([y, y]))
        fake_logits, real_logits = torch.split(logits, [N, N])
        found["output/fake_logits"] = array(fake_logits)[:, 0]
        found["output/real_logits"] = array(real_logits)[:, 0]
        on_real, on_fake = losses.discriminator_loss(fake_logits, real_logits)
        (on_real + on_fake).backward()
        found["loss/discriminator"] = array(on_real + on_fake)
        found["loss/generator"] = array(losses.generator_loss(fake_logits))
        return found | gradients(critic, "D.")

    return made


def orthogonal(repository):
    module, utils = modules(repository, "BigGAN", "utils")
    generator = network(module, 64, "Generator")
    for value in generator.parameters():
        value.grad = torch.zeros_like(value)
    blacklist = list(generator.shared.parameters())
    utils.ortho(generator, 1e-4, blacklist=blacklist)
    return gradients(generator)


def settings_of(utils, script: Path) -> dict:
    """Return the settings of a launch script, with the defaults of its parser."""
    text = script.read_text(encoding="utf-8").replace("\\\n", " ")
    words = shlex.split(text.partition("train.py")[2].rstrip("\\ \n"))
    found = vars(utils.prepare_parser().parse_args(words))
    return {k: x for k, x in found.items() if isinstance(x, (bool, int, float, str))}


def training(repository):
    module, utils, train_fns = modules(repository, "BigGAN", "utils", "train_fns")
    scripts = {"cifar": "launch_cifar_ema.sh", "imagenet": "launch_BigGAN_bs256x8.sh"}
    read = {
        name: settings_of(utils, repository / "scripts" / file)
        for name, file in scripts.items()
    }
    config = read["cifar"] | TINY[32] | {"batch_size": N, "ema_start": BEGIN}
    config |= {"resolution": 32, "n_classes": CLASSES}
    config |= {"G_activation": torch.nn.ReLU(), "D_activation": torch.nn.ReLU()}
    generator = network(module, 32, "Generator", **config)
    critic = network(module, 32, "Discriminator", **config)
    with contextlib.redirect_stdout(io.StringIO()):
        copy = module.Generator(**{**config, "skip_init": True, "no_optim": True})
        ema = utils.ema(generator, copy, config["ema_decay"], config["ema_start"])
    before = copied({"G.": generator, "D.": critic, "average.": generator})

    shape = (STEPS, TURNS + 1, N)
    z = rule.numbers("biggan_steps.z", (*shape, config["dim_z"]))
    y = rule.labels("biggan_steps.y", int(np.prod(shape)), CLASSES).reshape(shape)
    x = rule.images("biggan_steps.x", (*shape, 3, 32, 32))
    z_, y_ = torch.zeros(N, config["dim_z"]), torch.zeros(N, dtype=torch.int64)
    recorded(z_, z.reshape(-1, *z.shape[2:]))
    recorded(y_, y.reshape(-1, N).astype(np.int64))
    state = {"itr": 0}
    train = train_fns.GAN_training_function(
        generator, critic, module.G_D(generator, critic), z_, y_, ema, state, config
    )
    rows = []
    for step in range(STEPS):
        state["itr"] += 1
        for each in (generator, critic, copy):
            each.train()
        # The turns of the discriminator see these. The generator's has labels alone.
        images = x[step, :TURNS].reshape(-1, 3, 32, 32)
        known = y[step, :TURNS].reshape(-1).astype(np.int64)
        rows.append(train(tensor(images), tensor(known)))
    after = copied({"G.": generator, "D.": critic, "average.": copy})
    kept = {k: x for k, x in after.items() if k[0] == "D" or not cancelled(k)}
    return {
        "input/settings": np.array(json.dumps(read)),
        "loss/generator": np.array([row["G_loss"] for row in rows]),
        **moved(before, kept),
    }


def recorded(values: torch.Tensor, rows: np.ndarray) -> None:
    """Let ``values.sample_()`` put the next of ``rows`` in place."""
    draws = iter(tensor(rows))
    values.sample_ = lambda: values.copy_(next(draws))


FIXTURES = {
    **{f"biggan_{size}": networks_at(size) for size in TINY},
    "biggan_orthogonal": orthogonal,
    "biggan_cifar10_steps": training,
}
