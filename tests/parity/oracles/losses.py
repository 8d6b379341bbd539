"""Adversarial losses by the equations of their papers, with torch's derivatives in
float64: ``(real, fake) -> (loss of the discriminator, loss of the generator)``.

Each formula is written as the paper has it: with σ and logarithms, not with softplus.
"""

import functools

import torch
from torch import log, sigmoid

from tests.parity import rows_losses as cases
from tests.parity.oracles.torch_side import array, double

SOURCE = "equations, in float64"


def _minimax(real, fake):
    d_real, d_fake = sigmoid(real), sigmoid(fake)
    value = log(d_real).mean() + log(1 - d_fake).mean()
    return -value, log(1 - d_fake).mean()


def non_saturating(real, fake):
    return _minimax(real, fake)[0], -log(sigmoid(fake)).mean()


def _least_squares(real, fake):
    discriminator = 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean()
    return discriminator, 0.5 * ((fake - 1) ** 2).mean()


def _least_squares_unhalved(real, fake):
    return _least_squares(real, fake)[0], ((fake - 1) ** 2).mean()


def _wasserstein(real, fake):
    return fake.mean() - real.mean(), -fake.mean()


def _hinge(real, fake):
    zero = torch.zeros_like(real)
    value = torch.minimum(zero, real - 1).mean()
    value = value + torch.minimum(zero, -1 - fake).mean()
    return -value, -fake.mean()


def _relativistic_pairing(real, fake):
    return -log(sigmoid(real - fake)).mean(), -log(sigmoid(fake - real)).mean()


def _relativistic_average(real, fake):
    real_better = sigmoid(real - fake.mean())
    fake_better = sigmoid(fake - real.mean())
    discriminator = -log(real_better).mean() - log(1 - fake_better).mean()
    generator = -log(fake_better).mean() - log(1 - real_better).mean()
    return discriminator, generator


LOSSES = (
    _minimax, non_saturating, _least_squares, _least_squares_unhalved, _wasserstein,
    _hinge, _relativistic_pairing, _relativistic_average,
)  # fmt: skip


def _paid(loss, repositories):
    inputs = [double(x).requires_grad_() for x in cases.logits()]
    players, found = ("discriminator", "generator"), {}
    for player, value in zip(players, loss(*inputs), strict=True):
        slopes = torch.autograd.grad(
            value, inputs, retain_graph=True, materialize_grads=True
        )
        found[f"loss/{player}"] = array(value)
        for side, slope in zip(("real", "fake"), slopes, strict=True):
            found[f"gradient/{player}/{side}"] = array(slope)
    return found


FIXTURES = {
    f"loss_{loss.__name__.lstrip('_')}": functools.partial(_paid, loss)
    for loss in LOSSES
}
