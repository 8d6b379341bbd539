"""Layers with an equalised learning rate (Karras et al. 2018, arXiv 1710.10196,
section 4.1). Parameters start with standard deviation 1 and are scaled where they are
used. So Adam changes all of them at the same speed relative to their size."""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks import conv, resample

unit_normal = nn.initializers.normal(1.0)


def activated(x: jax.Array) -> jax.Array:
    """Return a leaky ReLU times √2. It roughly keeps the second moment of a symmetric
    input: leaky ReLU keeps (1 + 0.2²)/2 = 0.52 of the moment, and √2 doubles that."""
    return nn.leaky_relu(x, 0.2) * math.sqrt(2)


class EqualisedLinear(nn.Module):
    """``x [n, I] -> [n, features]``.

    ``rate`` is the learning rate of the layer relative to other layers. Parameters
    start 1/rate times as large, and are multiplied by ``rate`` where they are used. All
    biases are ``bias_start`` at first.
    """

    features: int
    rate: float = 1.0
    bias_start: float = 0.0
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x):
        inputs = x.shape[-1]
        start = nn.initializers.normal(1 / self.rate)
        kernel = self.param("kernel", start, (inputs, self.features))
        start = nn.initializers.constant(self.bias_start / self.rate)
        bias = self.param("bias", start, (self.features,))
        kernel = kernel * (self.rate / math.sqrt(inputs))
        y = x.astype(self.dtype) @ kernel.astype(self.dtype)
        return y + jnp.expand_dims(self.rate * bias, 0).astype(self.dtype)


class EqualisedConv(nn.Module):
    """A convolution of ``[n, H, W, I]`` to ``[n, H, W, features]`` with a kernel of
    side 1 or 3. With ``halve`` a low-pass filter comes first, and the output is
    ``[n, H/2, W/2, features]``."""

    features: int
    kernel: int = 3
    halve: bool = False
    use_bias: bool = True
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x):
        shape = (self.kernel, self.kernel, x.shape[-1], self.features)
        kernel = self.param("kernel", unit_normal, shape)
        kernel = kernel / math.sqrt(math.prod(shape[:3]))
        x, kernel = x.astype(self.dtype), kernel.astype(self.dtype)
        if not self.halve:
            y = conv.convolve(x, kernel)
        elif self.kernel == 1:
            y = conv.convolve(resample.downsample(x), kernel)
        else:
            y = resample.convolve_downsample(x, kernel)
        if self.use_bias:
            bias = self.param("bias", nn.initializers.zeros, (self.features,))
            y = y + bias.reshape(1, 1, 1, -1).astype(self.dtype)
        return y
