"""Recurrent networks of time series ``[T, D]``: layers of gated recurrent units (GRU;
Cho et al. 2014, arXiv 1406.1078), and a linear map of each state (as in TimeGAN; Yoon
et al. 2019, appendix, and in the recurrent GAN of Esteban et al. 2017, arXiv
1706.02633).

As in PyTorch and cuDNN, the reset gate multiplies the output of the recurrent map, not
its input. A layer with c inputs and width h has 3h·c + 3h parameters for the inputs and
3h·h + h for the recurrence.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.errors import BadInput, shape_text
from ganjax.networks.critic import Critic
from ganjax.networks.heads import CriticOutput
from ganjax.networks.layers import Linear
from ganjax.networks.shaped import Shaped
from ganjax.options import option

CONDITIONINGS = ("none", "concatenation")
OUTPUTS = {"linear": lambda x: x, "sigmoid": nn.sigmoid, "tanh": jnp.tanh}


class Gru(nn.Module):
    """``inputs [n, T, c] -> states [n, T, features]``. The first state is 0."""

    features: int
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, inputs):
        h, n = self.features, inputs.shape[0]
        gates = Linear(3 * h, dtype=self.dtype, name="inputs")(inputs)
        init = nn.initializers.orthogonal()
        kernels = [self.param(f"recurrent_{x}", init, (h, h)) for x in "rzn"]
        kernel = jnp.concatenate(kernels, axis=1).astype(self.dtype)
        bias = self.param("bias", nn.initializers.zeros, (1, h))

        def step(state, gate):
            own = (state.astype(self.dtype) @ kernel).astype(jnp.float32)
            r, z, new = jnp.split(gate.astype(jnp.float32), 3, axis=-1)
            of_r, of_z, of_new = jnp.split(own, 3, axis=-1)
            keep = nn.sigmoid(z + of_z)
            new = jnp.tanh(new + nn.sigmoid(r + of_r) * (of_new + bias))
            state = keep * state + (1 - keep) * new
            return state, state

        start = jnp.zeros((n, h), jnp.float32)
        _, states = jax.lax.scan(step, start, jnp.moveaxis(gates, 1, 0))
        return jnp.moveaxis(states, 0, 1)


def states_of(network: nn.Module, x: jax.Array) -> jax.Array:
    """Return the states ``[n, T, width]`` of the last of ``network.layers`` layers.
    Call it inside a compact method."""
    for i in range(network.layers):
        x = Gru(network.width, network.dtype, name=f"layer_{i}")(x)
    return x


class Generator(Shaped):
    """``x [n, …] -> series [n, T, D]``.

    ``x`` is a series ``[n, T, c]``, or a latent ``[n, d]``. The first T·``noise``
    numbers of a latent are the noise of each step. The others, such as a label, are
    repeated at each step (Esteban et al. 2017, section 4.1).
    """

    width: int = option(24, "units of a layer", least=1)
    layers: int = option(3, "recurrent layers", least=1)
    noise: int = option(1, "numbers of a latent for each step", least=1)
    output: str = option("sigmoid", "of the last layer", choices=tuple(OUTPUTS))

    @nn.compact
    def __call__(self, x, label=None, *, train):
        if len(self.shape) != 2:
            raise BadInput(
                f"expected a time series of steps × variables, such as "
                f"data.name='sines', not examples of {shape_text(self.shape)}"
            )
        length, variables = self.shape
        if x.ndim == 2:
            x = by_step(x, length, self.noise)
        states = states_of(self, x)
        made = Linear(variables, dtype=self.dtype, name="output")(states)
        return OUTPUTS[self.output](made.astype(jnp.float32))


# Some games need an encoder: a map from a series to numbers at each step.
Encoder = Generator


def by_step(z: jax.Array, length: int, noise: int) -> jax.Array:
    """Return latents ``z [n, d]`` as inputs of each step, ``[n, T, noise + rest]``.

    Raises:
      BadInput: if a latent has fewer than ``length``·``noise`` numbers.
    """
    n, size = z.shape
    own = length * noise
    if size < own:
        raise BadInput(
            f"noise={noise}: expected latents of at least {length}·{noise} = {own} "
            f"numbers, not {size} (latents.size)"
        )
    steps = z[:, :own].reshape(n, length, noise)
    rest = jnp.broadcast_to(z[:, None, own:], (n, length, size - own))
    return jnp.concatenate([steps, rest], -1)


class Discriminator(Critic):
    """``series [n, T, D] -> logits [n, T]``, one for each step. The features are the
    last state. A label can only be joined to the series (``"concatenation"``)."""

    width: int = option(24, "units of a layer", least=1)
    layers: int = option(3, "recurrent layers", least=1)

    @nn.compact
    def full_output(self, x, label=None, *, train) -> CriticOutput:
        if self.conditioning not in CONDITIONINGS:
            raise BadInput(
                f"conditioning='{self.conditioning}': expected one of "
                f"{', '.join(CONDITIONINGS)} for logits of steps"
            )
        if x.ndim != 3:
            raise BadInput(
                f"expected a time series of steps × variables, such as "
                f"data.name='sines', not examples of {shape_text(x.shape[1:])}"
            )
        states = states_of(self, x)
        logits = Linear(1, dtype=self.dtype, name="output")(states)
        last = states[:, -1].astype(jnp.float32)
        return CriticOutput(logits[..., 0].astype(jnp.float32), last)
