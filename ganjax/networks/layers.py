"""Layers that architectures share: linear maps with spectral norm, normalisation.

``dtype`` is what products are computed in and passed on in; parameters, spectral
vectors and the statistics of normalisations are of single precision always.
"""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks import conv

# DCGAN's initialisation (Radford et al. 2016, arXiv 1511.06434, section 4).
dcgan_init = nn.initializers.normal(0.02)


def _spectrally_normalised(module: nn.Module, kernel: jax.Array) -> jax.Array:
    """``kernel / σ(kernel)`` with the largest singular value of the kernel as a matrix
    ``[inputs, outputs]``, by one power iteration from the stored left vector (Miyato et
    al. 2018, arXiv 1802.05957, algorithm 1). No gradient flows through the vectors.

    The vector lives in the collection ``spectral``, so a caller chooses by what it
    keeps of it whether an iteration counts.
    """
    matrix = kernel.reshape(-1, kernel.shape[-1])

    def first_vector():
        key = module.make_rng("params")
        return _unit(jax.random.normal(key, (matrix.shape[-1],)))

    stored = module.variable("spectral", "u", first_vector)
    fixed = jax.lax.stop_gradient(matrix)
    v = _unit(fixed @ stored.value)
    u = _unit(v @ fixed)
    if module.is_mutable_collection("spectral") and not module.is_initializing():
        stored.value = u
    return kernel / (v @ matrix @ u)


def _unit(x):
    return x / (jnp.linalg.norm(x) + 1e-12)


class Linear(nn.Module):
    """``x [n, I] -> [n, features]``; with ``spectral`` its kernel has norm 1."""

    features: int
    use_bias: bool = True
    spectral: bool = False
    kernel_init: Callable = nn.initializers.lecun_normal()
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x):
        shape = (x.shape[-1], self.features)
        kernel = self.param("kernel", self.kernel_init, shape)
        if self.spectral:
            kernel = _spectrally_normalised(self, kernel)
        y = x.astype(self.dtype) @ kernel.astype(self.dtype)
        if self.use_bias:
            bias = self.param("bias", nn.initializers.zeros, (self.features,))
            y = y + jnp.expand_dims(bias, 0).astype(self.dtype)
        return y


class Conv(nn.Module):
    """A ``kernel × kernel`` convolution of images ``[n, H, W, I]``, zero-padded; with
    ``transpose`` it multiplies the resolution by ``stride``, else divides it."""

    features: int
    kernel: int = 3
    stride: int = 1
    transpose: bool = False
    use_bias: bool = True
    spectral: bool = False
    kernel_init: Callable = dcgan_init
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x):
        shape = (self.kernel, self.kernel, x.shape[-1], self.features)
        kernel = self.param("kernel", self.kernel_init, shape)
        if self.spectral:
            kernel = _spectrally_normalised(self, kernel)
        convolve = conv.convolve_transpose if self.transpose else conv.convolve
        y = convolve(
            x.astype(self.dtype), kernel.astype(self.dtype), stride=self.stride
        )
        if self.use_bias:
            bias = self.param("bias", nn.initializers.zeros, (self.features,))
            y = y + bias.reshape(1, 1, 1, -1).astype(self.dtype)
        return y


class BatchNorm(nn.Module):
    """Batch normalisation over the global batch: statistics are averaged over the data
    axis in training, and running averages are used otherwise (Ioffe & Szegedy 2015,
    arXiv 1502.03167)."""

    axis: str = "data"
    momentum: float = 0.9

    @nn.compact
    def __call__(self, x, *, train: bool):
        return nn.BatchNorm(
            use_running_average=not train,
            momentum=self.momentum,
            axis_name=self.axis,
            scale_init=nn.initializers.ones,
            dtype=x.dtype,
            name="norm",
        )(x)


NORMALIZATIONS = ("none", "batch", "spectral")


def normalise(x: jax.Array, normalization: str, *, train: bool) -> jax.Array:
    """What follows a linear map in a network with ``normalization``; spectral norm acts
    on the kernels instead. Call inside a compact module."""
    if normalization == "batch":
        return BatchNorm()(x, train=train)
    return x


ACTIVATIONS = {
    "relu": nn.relu,
    "leaky_relu": lambda x: nn.leaky_relu(x, 0.2),
    "tanh": nn.tanh,
}
