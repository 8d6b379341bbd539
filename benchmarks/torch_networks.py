"""DCGAN and SN-DCGAN as plain torch modules, and ganjax's parameters as theirs.

Layers carry ganjax's names (``Conv_0``, ``BatchNorm_0`` …), which is all that the
conversion needs. Arrays of pixels are NCHW here; ganjax's are NHWC.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

LEAK = {"dcgan": 0.2, "sn_dcgan": 0.1}


def _unit(x):
    return x / (x.norm() + 1e-12)


class Layer(nn.Module):
    """A linear map with its weight in torch's layout.

    Args:
      size: of ganjax's kernel: ``(inputs, outputs)`` or HWIO.
      stride: of a convolution; ``transpose`` for a fractional one.
      pixels: ``(H, W, C)`` of a linear map's input or output where that is an image.
      inward: whether ``pixels`` are those of the input.
      spectral: divide by the spectral norm, one power iteration in every pass; ``u``
        moves in those that ``keep`` it, as ganjax's does: once an update.
    """

    def __init__(
        self,
        size,
        *,
        bias,
        stride=1,
        transpose=False,
        pixels=None,
        inward=False,
        spectral=False,
    ):
        super().__init__()
        self.stride, self.transpose = stride, transpose
        self.pixels, self.inward = pixels, inward
        weight = torch.zeros(size)
        self.weight = nn.Parameter(torch.as_tensor(self.layout(weight.numpy())))
        self.bias = nn.Parameter(torch.zeros(size[-1])) if bias else None
        self.spectral = spectral
        if spectral:
            self.register_buffer("u", torch.zeros(size[-1]))

    def layout(self, kernel: np.ndarray) -> np.ndarray:
        """ganjax's kernel, or its gradient, in this layer's layout."""
        if kernel.ndim == 4 and self.transpose:
            # torch's is the adjoint of a convolution, whose kernel ganjax flips.
            return np.flip(kernel, (0, 1)).transpose(2, 3, 0, 1).copy()
        if kernel.ndim == 4:
            return kernel.transpose(3, 2, 0, 1).copy()
        if self.pixels and self.inward:
            kernel = kernel.reshape(*self.pixels, -1).transpose(2, 0, 1, 3)
            kernel = kernel.reshape(-1, kernel.shape[-1])
        elif self.pixels:
            kernel = kernel.reshape(-1, *self.pixels).transpose(0, 3, 1, 2)
            kernel = kernel.reshape(len(kernel), -1)
        return kernel.T.copy()

    def forward(self, x, frozen=False, keep=False):
        weight, bias = self.weight, self.bias
        if frozen:
            weight = weight.detach()
            bias = None if bias is None else bias.detach()
        if self.spectral:
            weight = weight / self._norm(weight, keep)
        if weight.ndim == 2:
            return F.linear(x, weight, bias)
        if self.transpose:
            return F.conv_transpose2d(x, weight, bias, self.stride, padding=1)
        return F.conv2d(x, weight, bias, self.stride, padding=1)

    def _norm(self, weight, keep):
        matrix = weight.flatten(1)
        with torch.no_grad():
            v = _unit(matrix.T @ self.u)
            u = _unit(matrix @ v)
            if keep:
                self.u.copy_(u)
        return u @ (matrix @ v)


class BatchNorm(nn.BatchNorm2d):
    """Batch norm in training; its running averages move in passes that ``keep``."""

    def forward(self, x, keep):
        running = (self.running_mean, self.running_var) if keep else (None, None)
        return F.batch_norm(
            x, *running, self.weight, self.bias, True, self.momentum, self.eps
        )


class Generator(nn.Module):
    """``z [n, d] -> images [n, 3, 32, 32]``, batch norm and ReLU, tanh at the end."""

    def __init__(self, architecture: str, width: int, latents: int, channels: int = 3):
        super().__init__()
        levels = 3 if architecture == "sn_dcgan" else 2
        features = [width * 2 ** (levels - i) for i in range(levels + 1)]
        self.first = features[0]
        layers = {
            "Linear_0": Layer(
                (latents, 16 * features[0]), bias=False, pixels=(4, 4, features[0])
            ),
            "BatchNorm_0": BatchNorm(features[0]),
        }
        for i, (a, b) in enumerate(zip(features, features[1:], strict=False)):
            layers[f"Conv_{i}"] = Layer(
                (4, 4, a, b), bias=False, stride=2, transpose=True
            )
            layers[f"BatchNorm_{i + 1}"] = BatchNorm(b)
        if architecture == "sn_dcgan":
            last = Layer((3, 3, features[-1], channels), bias=True)
        else:
            last = Layer(
                (4, 4, features[-1], channels), bias=True, stride=2, transpose=True
            )
        layers[f"Conv_{levels}"] = last
        self.layers = nn.ModuleDict(layers)

    def forward(self, z, keep=False):
        x = z
        for name, layer in self.layers.items():
            if name.startswith("BatchNorm"):
                x = F.relu(layer(x, keep))
            else:
                x = layer(x)
            if name == "Linear_0":
                x = x.view(-1, self.first, 4, 4)
        return torch.tanh(x.float())


class Discriminator(nn.Module):
    """``images [n, 3, 32, 32] -> logits [n]``, leaky ReLU."""

    def __init__(self, architecture: str, width: int, channels: int = 3):
        super().__init__()
        self.leak = LEAK[architecture]
        spectral = architecture == "sn_dcgan"
        sizes, before = [], channels
        for i in range(3):
            if spectral:
                sizes.append((3, 3, before, width * 2**i))
                before = width * 2**i
            sizes.append((4, 4, before, width * 2**i))
            before = width * 2**i
        if spectral:
            sizes.append((3, 3, before, width * 8))
            before = width * 8
        layers = {
            f"Conv_{i}": Layer(
                size, bias=True, stride=2 if size[0] == 4 else 1, spectral=spectral
            )
            for i, size in enumerate(sizes)
        }
        layers["Linear_0"] = Layer(
            (16 * before, 1),
            bias=True,
            pixels=(4, 4, before),
            inward=True,
            spectral=spectral,
        )
        self.layers = nn.ModuleDict(layers)

    def forward(self, x, frozen=False, keep=False):
        for name, layer in self.layers.items():
            if name == "Linear_0":
                return layer(x.flatten(1), frozen, keep)[:, 0].float()
            x = F.leaky_relu(layer(x, frozen, keep), self.leak)


def converted(network: nn.Module, tree: dict) -> dict[str, np.ndarray]:
    """ganjax's parameters, or their gradients, by the names and in the layouts of
    ``network``'s parameters."""
    found = {}
    for name, layer in network.layers.items():
        if isinstance(layer, BatchNorm):
            found[f"layers.{name}.weight"] = np.asarray(tree[name]["norm"]["scale"])
            found[f"layers.{name}.bias"] = np.asarray(tree[name]["norm"]["bias"])
            continue
        kernel = np.asarray(tree[name]["kernel"])
        found[f"layers.{name}.weight"] = layer.layout(kernel)
        if layer.bias is not None:
            found[f"layers.{name}.bias"] = np.asarray(tree[name]["bias"])
    return found


@torch.no_grad()
def load(network: nn.Module, params: dict, variables: dict) -> None:
    """Gives ``network`` ganjax's parameters and spectral vectors."""
    by_name = dict(network.named_parameters())
    arrays = converted(network, params)
    if set(arrays) != set(by_name):
        raise ValueError(f"parameters differ: {sorted(set(arrays) ^ set(by_name))}")
    for name, array in arrays.items():
        by_name[name].copy_(torch.tensor(array))
    for name, tree in variables.get("spectral", {}).items():
        network.layers[name].u.copy_(torch.tensor(np.asarray(tree["u"])))
