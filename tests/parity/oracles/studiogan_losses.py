"""Losses and penalties of PyTorch-StudioGAN, on given logits, scores and embeddings.

Each case is a function of arrays. Its value is a loss, and the gradients by the arrays
follow from it.
"""

from unittest.mock import patch

import jax
import numpy as np
import torch

from tests.parity import rule
from tests.parity.oracles import studiogan_code, torch_side

SOURCE = studiogan_code.SOURCE
N, CLASSES, LENGTH = 8, 4, 16
LOSSES = "vanilla", "logistic", "ls", "wasserstein", "hinge"


def _numbers(name, *shape):
    return torch_side.tensor(rule.numbers(name, shape)).requires_grad_(True)


def _label():
    return torch_side.tensor(rule.labels("label", N, CLASSES)).long()


def _case(name, loss, **arrays):
    """Return the value of a loss and its gradients: ``loss/NAME``, ``gradient/NAME
    ARRAY``."""
    value = loss(**arrays)
    slopes = torch.autograd.grad(value, list(arrays.values()))
    found = {f"loss/{name}": torch_side.array(value)}
    for array, slope in zip(arrays, slopes, strict=True):
        found[f"gradient/{name} {array}"] = torch_side.array(slope)
    return found


def adversarial(repository):
    (losses,) = studiogan_code.modules(repository, "utils.losses")
    found = {}
    for name in LOSSES:
        pay = {role: getattr(losses, f"{role}_{name}") for role in ("d", "g")}
        found |= _case(
            f"{name} discriminator",
            lambda real, fake, pay=pay: pay["d"](real, fake, DDP=False),
            real=_numbers("real", N),
            fake=_numbers("fake", N),
        )
        found |= _case(
            f"{name} generator",
            lambda fake, pay=pay: pay["g"](fake, DDP=False),
            fake=_numbers("fake", N),
        )
    return found


def _embedded():
    return {name: _numbers(name, N, LENGTH) for name in ("embed", "proxy")}


def _unit(x):
    return torch.nn.functional.normalize(x, dim=1)


def contrastive(repository):
    (losses,) = studiogan_code.modules(repository, "utils.losses")
    pay = losses.ConditionalContrastiveLoss(CLASSES, 1.0, "cpu", False)

    def loss(embed, proxy):
        return pay(_unit(embed), _unit(proxy), _label())

    return _case("2C", loss, **_embedded())


def data_to_data(repository):
    (losses,) = studiogan_code.modules(repository, "utils.losses")
    pay = losses.Data2DataCrossEntropyLoss(CLASSES, 0.5, 0.98, "cpu", False)

    def loss(embed, proxy):
        return pay(_unit(embed), _unit(proxy), _label())

    return _case("D2D-CE", loss, **_embedded())


def classifiers(repository):
    """AC: both players. TAC: the second loss gets the twin's scores (see the row). ADC:
    the labels of real and of generated samples alternate."""
    (losses,) = studiogan_code.modules(repository, "utils.losses")
    pay, label, found = losses.CrossEntropyLoss(), _label(), {}
    scores = {x: _numbers(x, N, CLASSES) for x in ("real", "fake", "twin")}

    found |= _case(
        "AC discriminator",
        lambda real, fake: pay(real, label) + pay(fake, label),
        real=scores["real"],
        fake=scores["fake"],
    )
    found |= _case(
        "TAC discriminator",
        lambda real, twin: pay(real, label) + pay(twin, label),
        real=scores["real"],
        twin=scores["twin"],
    )
    found |= _case(
        "TAC generator",
        lambda fake, twin: pay(fake, label) - pay(twin, label),
        fake=scores["fake"],
        twin=scores["twin"],
    )
    wide = {x: _numbers(f"wide {x}", N, 2 * CLASSES) for x in ("real", "fake")}
    found |= _case(
        "ADC discriminator",
        lambda real, fake: pay(real, 2 * label) + pay(fake, 2 * label + 1),
        **wide,
    )
    found |= _case(
        "ADC generator",
        lambda fake: pay(fake, 2 * label) - pay(fake, 2 * label + 1),
        fake=wide["fake"],
    )
    return found


def multi_hinge(repository):
    (losses,) = studiogan_code.modules(repository, "utils.losses")
    pay, label = losses.crammer_singer_loss, _label()
    scores = {x: _numbers(f"hinges {x}", N, CLASSES + 1) for x in ("real", "fake")}
    fakes = torch.full_like(label, CLASSES)
    found = _case(
        "MH discriminator",
        lambda real, fake: pay(real, label, DDP=False) + pay(fake, fakes, DDP=False),
        **scores,
    )
    return found | _case(
        "MH generator",
        lambda fake: pay(fake, label, DDP=False),
        fake=scores["fake"],
    )


def consistency(repository):
    """The mean squared errors of ``src/worker.py``."""
    distance = torch.nn.MSELoss()
    logits = {
        x: _numbers(f"logits {x}", N) for x in ("real", "varied real", "fake", "varied")
    }
    images = {x: _numbers(f"images {x}", N, 3, 4, 4) for x in ("fake", "near")}
    real = {"real": logits["real"], "varied": logits["varied real"]}
    fake = {"fake": logits["fake"], "varied": logits["varied"]}
    found = _case("CR", lambda real, varied: distance(real, varied), **real)
    both = {**real, "fake": logits["fake"], "varied_fake": logits["varied"]}
    found |= _case(
        "bCR",
        lambda real, varied, fake, varied_fake: (
            distance(real, varied) + distance(fake, varied_fake)
        ),
        **both,
    )
    found |= _case(
        "zCR discriminator", lambda fake, varied: distance(fake, varied), **fake
    )
    return found | _case(
        "zCR generator", lambda fake, near: -distance(fake, near), **images
    )


# Penalties


def draws(kind, shape):
    """Return the uniform numbers that ganjax's penalties draw from ``keys``: of wgan_gp
    and max_gp one for each sample; of dragan one, and one for each entry."""
    keys = jax.random.split(jax.random.key(0), N)
    if kind != "dragan":
        return [np.asarray(jax.vmap(jax.random.uniform)(keys))]
    pairs = jax.vmap(jax.random.split)(keys)
    entries = jax.vmap(lambda key: jax.random.uniform(key, shape))(pairs[:, 1])
    return [np.asarray(jax.vmap(jax.random.uniform)(pairs[:, 0])), np.asarray(entries)]


def penalties(repository):
    """Penalties of the critic a·tanh(Wx). Images are [n, 3, 16, 16]."""
    (losses,) = studiogan_code.modules(repository, "utils.losses")
    real, fake = (
        torch_side.tensor(rule.images(x, (N, 3, 16, 16))) for x in ("real", "fake")
    )
    found = {}
    for name, function in (
        ("wgan_gp", losses.cal_grad_penalty),
        ("max_gp", losses.cal_maxgrad_penalty),
        ("dragan", losses.cal_dra_penalty),
        ("r1", None),
    ):
        kernel, last = _numbers("kernel", 768, 8), _numbers("last", 8)

        def critic(x, label=None, eval=False, kernel=kernel, last=last):
            return {"adv_output": torch.tanh(x.flatten(1) @ kernel / 8) @ last}

        def loss(kernel, last, name=name, function=function, critic=critic):
            if name == "r1":
                x = real.clone().requires_grad_(True)
                return losses.cal_r1_reg(critic(x)["adv_output"], x, "cpu")
            drawn = draws(name, (16, 16, 3))
            if name == "dragan":
                shapes = [drawn[0].reshape(-1, 1, 1, 1), np.moveaxis(drawn[1], -1, 1)]
                arguments = real, None, critic, "cpu"
            else:
                # Their number weighs the real image, ours the generated one.
                shapes = [1 - drawn[0].reshape(-1, 1)]
                arguments = real, None, fake, critic, "cpu"
            given = [torch_side.tensor(x) for x in shapes]
            with patch.object(torch, "rand", side_effect=given):
                return function(*arguments)

        found |= _case(name, loss, kernel=kernel, last=last)
        if name != "r1":
            found[f"output/draws of {name}"] = draws(name, (16, 16, 3))[-1]
    return found


FIXTURES = {
    f"studiogan_{function.__name__}": function
    for function in (
        adversarial, contrastive, data_to_data, classifiers, multi_hinge, consistency,
        penalties,
    )
}  # fmt: skip
