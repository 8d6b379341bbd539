"""DCGAN, SN-DCGAN and SNGAN's residual networks for 32 × 32 pixels in plain torch.

Layers have ganjax's names (``Conv_0``, ``BatchNorm_0`` …), so the conversion of
parameters needs no table of names. Images are NCHW here and NHWC in ganjax.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

LEAK = {"dcgan": 0.2, "sn_dcgan": 0.1}


def _unit(x):
    return x / (x.norm() + 1e-12)


class Layer(nn.Module):
    """A linear layer or a convolution, with its weight in torch's layout.

    Args:
      size: the shape of ganjax's kernel: ``(inputs, outputs)`` or HWIO.
      bias: whether the layer has a bias.
      stride: the stride of a convolution.
      transpose: whether the convolution is transposed.
      pixels: ``(H, W, C)`` of the image, if the input or output of a linear layer is a
        flattened image.
      inward: whether the input, not the output, is this image.
      spectral: whether to divide by the spectral norm. Every pass makes one power
        iteration. Only passes with ``keep`` store ``u``. As in ganjax, an update has
        one such pass.
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
        """Return ganjax's kernel, or its gradient, in this layer's layout."""
        if kernel.ndim == 4 and self.transpose:
            # torch's layer is the adjoint of a convolution. ganjax flips its kernel.
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

    def bias_layout(self, bias: np.ndarray) -> np.ndarray:
        """Return ganjax's bias, or its gradient, in this layer's layout."""
        if self.pixels and not self.inward:
            bias = bias.reshape(self.pixels).transpose(2, 0, 1).reshape(-1)
        return bias.copy()

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
        padding = 1 if weight.shape[-1] > 1 else 0
        return F.conv2d(x, weight, bias, self.stride, padding=padding)

    def _norm(self, weight, keep):
        matrix = weight.flatten(1)
        with torch.no_grad():
            v = _unit(matrix.T @ self.u)
            u = _unit(matrix @ v)
            if keep:
                self.u.copy_(u)
        return u @ (matrix @ v)


class BatchNorm(nn.BatchNorm2d):
    """Batch norm in training. Only passes with ``keep`` update its running averages."""

    def forward(self, x, keep):
        running = (self.running_mean, self.running_var) if keep else (None, None)
        return F.batch_norm(
            x, *running, self.weight, self.bias, True, self.momentum, self.eps
        )


class Residual(nn.Module):
    """ganjax's block of two 3×3 convolutions, ReLU before each, and a shortcut.

    Args:
      features: channels of the input, between the convolutions, and of the output.
      resample: ``"up"``, ``"down"`` or ``None``.
      normalized: whether batch norm precedes each ReLU.
      image: whether the input is an image. Then the first ReLU is left out.
      options: further arguments of ``Layer``.
    """

    def __init__(self, features, *, resample, normalized, image=False, **options):
        super().__init__()
        before, inside, after = features
        self.resample, self.image = resample, image
        layers = {
            "Conv_0": Layer((3, 3, before, inside), bias=True, **options),
            "Conv_1": Layer((3, 3, inside, after), bias=True, **options),
        }
        if resample or before != after:
            layers["Conv_2"] = Layer((1, 1, before, after), bias=True, **options)
        if normalized:
            layers["BatchNorm_0"] = BatchNorm(before)
            layers["BatchNorm_1"] = BatchNorm(inside)
        self.layers = nn.ModuleDict(layers)

    def forward(self, x, frozen=False, keep=False):
        def activated(x, i):
            name = f"BatchNorm_{i}"
            return F.relu(self.layers[name](x, keep) if name in self.layers else x)

        def convolved(x, i):
            return self.layers[f"Conv_{i}"](x, frozen, keep)

        y = x if self.image else activated(x, 0)
        if self.resample == "up":
            y = F.interpolate(y, scale_factor=2)
        y = convolved(activated(convolved(y, 0), 1), 1)
        # Resampling and a 1×1 convolution commute. The convolution is cheaper on fewer
        # pixels.
        if self.resample == "down":
            y, x = F.avg_pool2d(y, 2), F.avg_pool2d(x, 2)
        if "Conv_2" in self.layers:
            x = convolved(x, 2)
        if self.resample == "up":
            x = F.interpolate(x, scale_factor=2)
        return x + y


class ResidualGenerator(nn.Module):
    """``z [n, d] -> images [n, 3, 32, 32]``: three blocks of ``4·width`` channels."""

    def __init__(self, width: int, latents: int, channels: int = 3):
        super().__init__()
        self.first = n = 4 * width
        blocks = {
            f"Residual_{i}": Residual((n, n, n), resample="up", normalized=True)
            for i in range(3)
        }
        self.layers = nn.ModuleDict(
            {
                "Linear_0": Layer((latents, 16 * n), bias=True, pixels=(4, 4, n)),
                **blocks,
                "BatchNorm_0": BatchNorm(n),
                "Conv_0": Layer((3, 3, n, channels), bias=True),
            }
        )

    def forward(self, z, keep=False):
        x = self.layers["Linear_0"](z).view(-1, self.first, 4, 4)
        for i in range(3):
            x = self.layers[f"Residual_{i}"](x, keep=keep)
        x = F.relu(self.layers["BatchNorm_0"](x, keep))
        return torch.tanh(self.layers["Conv_0"](x).float())


class ResidualDiscriminator(nn.Module):
    """``images [n, 3, 32, 32] -> logits [n]``: four blocks of ``2·width`` channels.

    All layers have spectral norm. The first two blocks halve the resolution. A sum over
    pixels comes before the last layer.
    """

    def __init__(self, width: int, channels: int = 3):
        super().__init__()
        n = 2 * width
        blocks = {
            f"Residual_{i}": Residual(
                (n if i else channels, n, n),
                resample="down" if i < 2 else None,
                normalized=False,
                image=i == 0,
                spectral=True,
            )
            for i in range(4)
        }
        last = Layer((n, 1), bias=True, spectral=True)
        self.layers = nn.ModuleDict({**blocks, "Linear_0": last})

    def forward(self, x, frozen=False, keep=False):
        for name, layer in self.layers.items():
            if name == "Linear_0":
                x = F.relu(x).float().sum((2, 3))
            x = layer(x, frozen, keep)
        return x[:, 0].float()


def networks(architecture: str, width: int, latents: int):
    """Build ``(generator, discriminator)``. ``load`` sets their parameters.

    Args:
      architecture: ``dcgan``, ``sn_dcgan`` or ``sngan_resnet``.
      width: the width of both networks.
      latents: the size of a latent.
    """
    if architecture == "sngan_resnet":
        return ResidualGenerator(width, latents), ResidualDiscriminator(width)
    return Generator(architecture, width, latents), Discriminator(architecture, width)


class Generator(nn.Module):
    """``z [n, d] -> images [n, 3, 32, 32]``, with batch norm, ReLU and a final tanh."""

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
    """``images [n, 3, 32, 32] -> logits [n]``, with leaky ReLU."""

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
    """Return ganjax's parameters with the names and layouts of ``network``.

    Args:
      network: a network of this module.
      tree: ganjax's parameters of the same network, or their gradients.
    """
    found = {}
    for path, layer, own in _layers(network, tree):
        if isinstance(layer, BatchNorm):
            found[f"{path}.weight"] = np.asarray(own["norm"]["scale"])
            found[f"{path}.bias"] = np.asarray(own["norm"]["bias"])
            continue
        found[f"{path}.weight"] = layer.layout(np.asarray(own["kernel"]))
        if layer.bias is not None:
            found[f"{path}.bias"] = layer.bias_layout(np.asarray(own["bias"]))
    return found


@torch.no_grad()
def load(network: nn.Module, params: dict, variables: dict) -> None:
    """Copy ganjax's parameters and spectral vectors into ``network``.

    Raises:
      ValueError: if the names of the parameters differ.
    """
    by_name = dict(network.named_parameters())
    arrays = converted(network, params)
    if set(arrays) != set(by_name):
        raise ValueError(f"parameters differ: {sorted(set(arrays) ^ set(by_name))}")
    for name, array in arrays.items():
        by_name[name].copy_(torch.tensor(array))
    if "spectral" in variables:
        for _, layer, own in _layers(network, variables["spectral"]):
            layer.u.copy_(torch.tensor(np.asarray(own["u"])))


def _layers(network, tree, above=""):
    """Yield ``(path in torch, layer, its part of ganjax's tree)`` for every layer."""
    for name, layer in network.layers.items():
        path = f"{above}layers.{name}"
        if isinstance(layer, Residual):
            yield from _layers(layer, tree[name], f"{path}.")
        else:
            yield path, layer, tree[name]
