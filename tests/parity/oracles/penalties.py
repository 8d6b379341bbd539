"""Penalties by the equations of their papers, with torch's derivatives in float64."""

import functools

import numpy as np
import torch

from tests.parity import rows_penalties as cases
from tests.parity.fully_connected import samples
from tests.parity.oracles import layers
from tests.parity.oracles.torch_side import array, double, gradients

SOURCE = "equations, in float64"


def _slopes(critic, x):
    """Return ∇D(x) for each sample. It can be differentiated again."""
    x = x.detach().requires_grad_()
    return torch.autograd.grad(critic(x).sum(), x, create_graph=True)[0]


def _r1(critic, real, fake, draws):
    return 0.5 * (_slopes(critic, real) ** 2).sum(1).mean()


def _r2(critic, real, fake, draws):
    return _r1(critic, fake, None, None)


def _one_centred(critic, x):
    return ((_slopes(critic, x).norm(dim=1) - 1) ** 2).mean()


def wgan_gp(critic, real, fake, draws):
    share = 1 - draws[:, None]  # the paper's ε belongs to the real sample
    return _one_centred(critic, share * real + (1 - share) * fake)


def _dragan(critic, real, fake, draws):
    std = real.std(unbiased=False)
    return _one_centred(critic, real + 0.5 * std * draws)


PENALTIES = {"r1": _r1, "r2": _r2, "wgan_gp": wgan_gp, "dragan": _dragan}


def _penalty(name, repositories):
    critic = layers.critic("critic")
    real, fake = (double(samples(side)) for side in ("real", "fake"))
    value = PENALTIES[name](critic, real, fake, double(cases.DRAWS[name]))
    value.backward()
    # The bias of the last layer does not enter the slope.
    last = {"gradient/2.bias": np.zeros(1)}
    return {"loss/penalty": array(value), **gradients(critic), **last}


FIXTURES = {f"penalty_{name}": functools.partial(_penalty, name) for name in PENALTIES}
