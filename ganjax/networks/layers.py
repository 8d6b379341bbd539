"""Layers that architectures share: linear maps, convolutions and normalisations.

``dtype`` is the type of products and outputs. Parameters, spectral vectors and the
statistics of normalisations always have single precision.
"""

import dataclasses
from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.errors import BadInput, shape_text
from ganjax.names import Table
from ganjax.networks import conv

# DCGAN's initialisation (Radford et al. 2016, arXiv 1511.06434, section 4).
dcgan_init = nn.initializers.normal(0.02)
EPSILON = 1e-5  # of batch normalisation
EPSILON_HELP = "added to variances by batch normalisation"


def _spectrally_normalised(
    module: nn.Module, kernel: jax.Array, embeds: bool = False
) -> jax.Array:
    """Return ``kernel / σ(kernel)``, where σ is the largest singular value of the
    kernel as a matrix ``[inputs, outputs]``, by one power iteration from the stored
    vector (Miyato et al. 2018, arXiv 1802.05957, algorithm 1). No gradient flows
    through the vectors.

    The stored vector has one number for each output. For an embedding (``embeds``) it
    has one for each input, a label, as in the authors' code.

    The vector is in the collection ``spectral``. The iteration counts only if the
    caller keeps this collection.
    """
    matrix = kernel.reshape(-1, kernel.shape[-1])
    matrix = matrix.T if embeds else matrix

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
    """A linear map ``x [n, …, I] -> [n, …, features]``. With ``spectral`` the largest
    singular value of the kernel is 1. ``embeds``: whether ``x`` is a one-hot label, and
    the kernel an embedding."""

    features: int
    use_bias: bool = True
    spectral: bool = False
    embeds: bool = False
    kernel_init: Callable = nn.initializers.lecun_normal()
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x):
        shape = (x.shape[-1], self.features)
        kernel = self.param("kernel", self.kernel_init, shape)
        if self.spectral:
            kernel = _spectrally_normalised(self, kernel, self.embeds)
        y = x.astype(self.dtype) @ kernel.astype(self.dtype)
        if self.use_bias:
            bias = self.param("bias", nn.initializers.zeros, (self.features,))
            y = y + bias.reshape(*(1,) * (y.ndim - 1), -1).astype(self.dtype)
        return y


class Conv(nn.Module):
    """A zero-padded ``kernel × kernel`` convolution of images ``[n, H, W, I]``.

    Attributes:
      stride: the factor that divides height and width.
      transpose: whether ``stride`` multiplies height and width.
      resample: ``"up"`` first repeats each pixel over 2×2 pixels, ``"down"`` averages
        the output over 2×2 pixels. It needs an odd kernel and no stride.
      groups: number of groups of channels that are convolved separately, without
        ``transpose`` or ``resample``.
      border: zeros on each side, without ``resample``; ``None`` for as many as give
        ⌈size / stride⌉ outputs (see ``conv.convolve``).
      spectral: whether the largest singular value of the kernel is 1.
      dtype: the type of products.
    """

    features: int
    kernel: int = 3
    stride: int = 1
    transpose: bool = False
    resample: str | None = None
    groups: int = 1
    border: int | None = None
    use_bias: bool = True
    spectral: bool = False
    kernel_init: Callable = dcgan_init
    bias_init: Callable = nn.initializers.zeros
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x):
        inputs = x.shape[-1] // self.groups
        shape = (self.kernel, self.kernel, inputs, self.features)
        kernel = self.param("kernel", self.kernel_init, shape)
        if self.spectral:
            kernel = _spectrally_normalised(self, kernel)
        x, kernel = x.astype(self.dtype), kernel.astype(self.dtype)
        if self.resample == "up":
            y = conv.upsample_convolve(x, kernel)
        elif self.resample == "down":
            y = conv.convolve_downsample(x, kernel)
        elif self.transpose:
            how = {"stride": self.stride, "border": self.border}
            y = conv.convolve_transpose(x, kernel, **how)
        else:
            how = {"stride": self.stride, "groups": self.groups, "border": self.border}
            y = conv.convolve(x, kernel, **how)
        if self.use_bias:
            bias = self.param("bias", self.bias_init, (self.features,))
            y = y + bias.reshape(1, 1, 1, -1).astype(self.dtype)
        return y


class BatchNorm(nn.Module):
    """Batch normalisation of ``[n, …, C]`` (Ioffe & Szegedy 2015, arXiv 1502.03167).
    Training uses statistics of the whole batch, averaged over devices (the mapped
    ``axis``). Otherwise running averages are used. The variance is E[x²] − E[x]².
    ``epsilon`` is added to it."""

    axis: str = "data"
    momentum: float = 0.9
    affine: bool = True  # whether it has a learned scale and shift
    epsilon: float = EPSILON

    @nn.compact
    def __call__(self, x, *, train: bool):
        how = self.axis, self.momentum, self.affine, self.epsilon
        return _Normalisation(*how, name="norm")(x, train)


class _Normalisation(nn.Module):
    """The parameters and averages of ``BatchNorm``, where checkpoints have them."""

    axis: str
    momentum: float
    affine: bool
    epsilon: float

    @nn.compact
    def __call__(self, x, train):
        channels = (x.shape[-1],)
        average = {
            "mean": self.variable("batch_stats", "mean", jnp.zeros, channels),
            "var": self.variable("batch_stats", "var", jnp.ones, channels),
        }
        wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
        if train:
            mean, var = _moments(wide, None if self.is_initializing() else self.axis)
            if not self.is_initializing():
                for name, new in (("mean", mean), ("var", var)):
                    kept = self.momentum * average[name].value
                    average[name].value = kept + (1 - self.momentum) * new
        else:
            mean, var = average["mean"].value, average["var"].value
        factor = jax.lax.rsqrt(var + self.epsilon)
        if self.affine:
            factor = factor * self.param("scale", nn.initializers.ones, channels)
        y = (wide - _spread(mean, wide)) * _spread(factor, wide)
        if self.affine:
            shift = self.param("bias", nn.initializers.zeros, channels)
            y = y + _spread(shift, wide)
        return y.astype(x.dtype)


# XLA sums a small feature map on few processors of a GPU: one per dozens of channels.
# One such sum, in a gradient of batch normalisation, took a tenth of DCGAN's step. So a
# GPU sums over the pixels of each sample, then over samples. A barrier keeps XLA from
# merging the two sums. If an array is broadcast over samples first, its gradient is
# summed in this way.


def _moments(x, axis):
    """Return mean and variance ``[C]`` of ``x [n, …, C]``, over all of ``axis``."""
    moments = _means(x), _means(x * x)
    mean, square = moments if axis is None else jax.lax.pmean(moments, axis)
    return mean, jnp.maximum(0.0, square - mean * mean)


def _means(x):
    return _apart(x.mean(tuple(range(1, x.ndim - 1)))).mean(0)


def _spread(channels, x):
    """Return ``[C]`` in a shape that broadcasts over ``x [n, …, C]``."""
    samples = _apart(jnp.broadcast_to(channels, (x.shape[0], x.shape[-1])))
    return samples.reshape(x.shape[0], *(1,) * (x.ndim - 2), x.shape[-1])


def _apart(x):
    if jax.default_backend() == "gpu":
        return jax.lax.optimization_barrier(x)
    return x


@dataclasses.dataclass(frozen=True)
class Condition:
    """What the scale and shift of a batch normalisation depend on.

    Attributes:
      vector: ``[n, d]``. One linear map turns it into the scale, another into the
        shift.
      hidden: units of a hidden layer before each map; 0 for none.
      spectral: whether the kernels of the maps have spectral norm 1. They then must not
        start with zeros.
      kernel_init: the initialiser of these kernels.
      scale_init: the initialiser of the scale's kernel, if it differs.
    """

    vector: jax.Array
    hidden: int = 0
    spectral: bool = False
    kernel_init: Callable = nn.initializers.zeros
    scale_init: Callable | None = None


def check_latents(z: jax.Array) -> None:
    """Check that ``z`` is a batch of vectors, ``[n, d]``.

    Raises:
      BadInput: if it is not.
    """
    if z.ndim != 2:
        shown = shape_text(z.shape[1:])
        raise BadInput(f"expected latents to generate from, not {shown}")


# Conditionings that act through the batch normalisation of a generator.
MODULATIONS = ("conditional_batch_norm", "self_modulation")


def condition(
    conditioning: str, classes: int, z: jax.Array, label: jax.Array | None
) -> Condition | None:
    """Return what a generator's batch normalisations depend on, or ``None``.

    ``conditional_batch_norm`` uses the label (de Vries et al. 2017, arXiv 1707.00683).
    ``self_modulation`` uses the latent, and the label if there is one, through a hidden
    layer of 32 units (Chen et al. 2019, arXiv 1810.01365, section 3). For any other
    ``conditioning`` the result is ``None``.

    Args:
      z: latents ``[n, d]``.
      label: ``[n]``, or ``None`` without classes.
    """
    if conditioning not in MODULATIONS:
        return None
    seen = [] if label is None else [jax.nn.one_hot(label, classes)]
    if conditioning == "conditional_batch_norm":
        return Condition(*seen)
    return Condition(jnp.concatenate([z, *seen], -1), hidden=32)


class ConditionalBatchNorm(nn.Module):
    """Batch normalisation whose scale and shift depend on a condition: ``x [n, …, C]``
    and ``given`` to ``[n, …, C]``.

    By default the maps from the condition start at zero. Each sample then starts with
    the scale 1 and the shift 0, because 1 is added to the output of the scale's map.
    """

    epsilon: float = EPSILON

    @nn.compact
    def __call__(self, x, given: Condition, *, train: bool):
        x = BatchNorm(affine=False, epsilon=self.epsilon)(x, train=train)
        maps, first = {}, given.scale_init or given.kernel_init
        for name, init in (("scale", first), ("shift", given.kernel_init)):
            vector = given.vector
            if given.hidden:
                hidden = Linear(given.hidden, name=f"{name}_hidden", dtype=x.dtype)
                vector = nn.relu(hidden(vector))
            linear = Linear(
                x.shape[-1],
                name=name,
                use_bias=given.hidden > 0,
                spectral=given.spectral,
                kernel_init=init,
                dtype=x.dtype,
            )
            maps[name] = linear(vector).reshape(-1, *(1,) * (x.ndim - 2), x.shape[-1])
        return x * (1 + maps["scale"]) + maps["shift"]


class InstanceNorm(nn.Module):
    """Instance normalisation of ``[n, H, W, C]``: mean 0 and variance 1 over the pixels
    of each channel and sample (Ulyanov et al. 2016, arXiv 1607.08022). It has no
    learned scale or shift. A single pixel becomes 0."""

    @nn.compact
    def __call__(self, x):
        wide = x.astype(jnp.float32)
        centred = wide - wide.mean((1, 2), keepdims=True)
        variance = jnp.mean(centred**2, (1, 2), keepdims=True)
        return (centred * jax.lax.rsqrt(variance + 1e-5)).astype(x.dtype)


NORMALIZATIONS = ("none", "batch", "spectral")  # for most architectures


def normalise(
    x: jax.Array, normalization: str, *, train: bool, given: Condition | None = None,
    epsilon: float = EPSILON,
) -> jax.Array:  # fmt: skip
    """Apply the normalisation that follows a layer. Call it inside a compact method.

    Args:
      normalization: ``"batch"`` or ``"instance"``. Any other value returns ``x``:
        ``"spectral"`` acts on kernels, not here.
      given: what the scale and shift of a batch normalisation depend on; ``None`` if
        they are plain parameters.
      epsilon: added to variances by a batch normalisation.
    """
    if normalization == "instance":
        return InstanceNorm()(x)
    if normalization != "batch":
        return x
    if given is not None:
        return ConditionalBatchNorm(epsilon)(x, given, train=train)
    return BatchNorm(epsilon=epsilon)(x, train=train)


def normalised(
    network: nn.Module, layer: type[nn.Module], x: jax.Array, features: int, *,
    train: bool, plain: bool = False, given: Condition | None = None, **options,
) -> jax.Array:  # fmt: skip
    """Apply a layer with ``features`` outputs, then the normalisation that ``network``
    selects. Call it inside a compact method of a module with the fields
    ``normalization`` and ``dtype``.

    Args:
      layer: ``Linear`` or ``Conv``. It has no bias if a normalisation follows.
      plain: whether no normalisation follows the layer.
      given: what the scale and shift of a batch normalisation depend on, or ``None``.
      options: further options of the layer.
    """
    behind = "none" if plain else network.normalization
    made = layer(
        features,
        use_bias=behind not in ("batch", "instance"),
        spectral=network.normalization == "spectral",
        dtype=network.dtype,
        **options,
    )
    return normalise(made(x), behind, train=train, given=given)


def _maxout(x):
    """Return the largest of every five features, so that a width of 5·w becomes w
    (Goodfellow et al. 2013, arXiv 1302.4389)."""
    if x.shape[-1] % 5:
        raise BadInput(f"expected a width that 5 divides, not {x.shape[-1]}")
    return x.reshape(*x.shape[:-1], -1, 5).max(axis=-1)


ACTIVATIONS = Table(
    "an activation function",
    {
        "relu": nn.relu,
        "maxout": _maxout,
        "leaky_relu": lambda x: nn.leaky_relu(x, 0.2),
        "tanh": nn.tanh,
        "sigmoid": nn.sigmoid,
    },
)
