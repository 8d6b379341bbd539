"""Fully connected networks in torch, in float64."""

import torch

from tests.parity.fully_connected import HIDDEN, SIZE
from tests.parity.oracles.torch_side import fill


class Layers(torch.nn.ModuleList):
    """Fully connected layers with tanh between them."""

    def __init__(self, prefix, *sizes):
        layers = [torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:], strict=False)]
        super().__init__(layers)
        self.double()
        fill(self, f"{prefix}.")

    def features(self, x):
        for i in range(len(self) - 1):
            x = torch.tanh(self[i](x))
        return x

    def forward(self, x):
        return self[-1](self.features(x))


def critic(prefix, outputs=1):
    return Layers(prefix, SIZE, *HIDDEN["discriminator"], outputs)


def generator(prefix, latents):
    return Layers(prefix, latents, *HIDDEN["generator"], SIZE)
