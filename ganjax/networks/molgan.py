"""Networks of molecules as one-hot arrays (MolGAN; De Cao & Kipf 2018, arXiv
1805.11973, section 3.1).

A molecule is ``[N, T + N·Y]``: for each of N places a one-hot type of T, then a one-hot
bond to each place, of Y orders; the first type and the first order mean "none". The
generator is a network of fully connected layers. The discriminator is a relational
graph convolution (Schlichtkrull et al. 2018, arXiv 1703.06103) and does not depend on
the order of the places.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.errors import BadInput, shape_text
from ganjax.networks.critic import Critic
from ganjax.networks.heads import CriticOutput
from ganjax.networks.latent_keys import child_keys, keys_of
from ganjax.networks.layers import Linear
from ganjax.networks.shaped import Shaped
from ganjax.options import option

ORDERS = 4  # Y: no bond, single, double, triple
WAYS = ("straight_through", "gumbel", "softmax")


def parts_of(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Split molecules ``[n, N, T + N·Y]`` into types ``[n, N, T]`` and bonds
    ``[n, N, N, Y]``.

    Raises:
      BadInput: for arrays that are no molecules.
    """
    n, places, width = x.shape if x.ndim == 3 else (0, 0, 0)
    kinds = width - ORDERS * places
    if kinds < 2:
        raise BadInput(
            f"expected molecules, places × (types + {ORDERS}·places), such as "
            f"data.name='molecules', not examples of {shape_text(x.shape[1:])}"
        )
    return x[..., :kinds], x[..., kinds:].reshape(n, places, places, ORDERS)


class Generator(Shaped):
    """``z [n, d] -> molecules [n, N, T + N·Y]``.

    The logits of both triangles of the bonds are averaged, and an atom has no bond to
    itself. ``discrete`` decides what leaves the network: ``straight_through`` a draw of
    the categories with the gradient of the relaxed draw (Jang et al. 2017, arXiv
    1611.01144, sections 2.1 and 2.2); ``gumbel`` the relaxed draw; ``softmax`` the
    probabilities. In evaluation it is a draw in all three cases. The noise of a draw is
    a function of the latent's bits.
    """

    widths: tuple[int, ...] = option((128, 256, 512), "units of hidden layers", least=1)
    discrete: str = option("straight_through", "categories in training", choices=WAYS)
    temperature: float = option(1.0, "temperature of relaxed draws", above=0)

    def __call__(self, z, label=None, *, train):
        return self._drawn(z, z, train)

    def as_of(self, at, z, label=None, *, train):
        """Return molecules of ``z`` with the noise of the latents ``at``."""
        return self._drawn(at, z, train)

    @nn.compact
    def _drawn(self, at, z, train):
        places, width = self.shape if len(self.shape) == 2 else (0, 0)
        kinds = width - ORDERS * places
        parts_of(jnp.zeros((1, *self.shape)))  # checks the shape
        x = z.reshape(z.shape[0], -1)
        for i, units in enumerate(self.widths):
            x = jnp.tanh(Linear(units, dtype=self.dtype, name=f"hidden_{i}")(x))
        types = Linear(places * kinds, dtype=self.dtype, name="types")(x)
        bonds = Linear(places**2 * ORDERS, dtype=self.dtype, name="bonds")(x)
        types = types.reshape(-1, places, kinds).astype(jnp.float32)
        bonds = bonds.reshape(-1, places, places, ORDERS).astype(jnp.float32)
        bonds = (bonds + jnp.swapaxes(bonds, 1, 2)) / 2
        keys = keys_of(at.reshape(at.shape[0], -1))
        types = self._categories(child_keys(keys, 0), types, train, _same)
        bonds = self._categories(child_keys(keys, 1), bonds, train, _upper)
        return joined(types, without_loops(bonds))

    def _categories(self, keys, logits, train, shared):
        """Return categories of ``logits [n, …, k]``. ``shared`` makes noise of both
        triangles equal."""
        if train and self.discrete == "softmax":
            return nn.softmax(logits)
        draw = jax.vmap(lambda key: jax.random.gumbel(key, logits.shape[1:]))
        noisy = logits + shared(draw(keys))
        relaxed = nn.softmax(noisy / self.temperature)
        if train and self.discrete == "gumbel":
            return relaxed
        hard = jax.nn.one_hot(jnp.argmax(noisy, -1), logits.shape[-1])
        return relaxed + jax.lax.stop_gradient(hard - relaxed) if train else hard


def _same(noise):
    return noise


def _upper(noise):
    """Return noise ``[n, N, N, Y]`` with the upper triangle in the place of the lower
    one."""
    places = noise.shape[1]
    upper = jnp.triu(jnp.ones((places, places)), 1).reshape(1, places, places, 1)
    half = noise * upper
    return half + jnp.swapaxes(half, 1, 2)


def without_loops(bonds: jax.Array) -> jax.Array:
    """Return bonds ``[n, N, N, Y]`` with the order "none" on the diagonal."""
    places = bonds.shape[1]
    loop = jnp.eye(places).reshape(1, places, places, 1)
    none = jax.nn.one_hot(0, bonds.shape[-1]).reshape(1, 1, 1, -1)
    return (1 - loop) * bonds + loop * none


def joined(types: jax.Array, bonds: jax.Array) -> jax.Array:
    """Return molecules ``[n, N, T + N·Y]``. This inverts ``parts_of``."""
    flat = bonds.reshape(*types.shape[:2], -1)
    return jnp.concatenate([types, flat], -1)


class Discriminator(Critic):
    """``molecules [n, N, T + N·Y] -> logits [n]``.

    A graph convolution is h'_i = tanh(f_s(h_i, x_i) + Σ_j Σ_y A_ijy f_y(h_j, x_j)) with
    a linear map f_y for each order of a bond except "none", and f_s for the atom itself
    (section 3.2). The paper divides by the number of neighbours. The authors' code does
    not, and neither does this network. The vector of a graph is tanh(Σ_i σ(i(h_i, x_i))
    ⊙ tanh(j(h_i, x_i))) with linear maps i and j (Li et al. 2016, arXiv 1511.05493),
    and fully connected layers follow.
    """

    widths: tuple[int, ...] = option((128, 64), "units of graph convolutions", least=1)
    pooled: int = option(128, "length of the vector of a graph", least=1)
    head_widths: tuple[int, ...] = option((128, 64), "units of last layers", least=1)
    spectral: bool = option(False, "kernels have spectral norm 1")

    @nn.compact
    def full_output(self, x, label=None, *, train) -> CriticOutput:
        types, bonds = parts_of(x)
        how = {"dtype": self.dtype, "spectral": self.spectral}
        seen = types
        for i, units in enumerate(self.widths):
            h = jnp.tanh(GraphConvolution(units, **how, name=f"graph_{i}")(seen, bonds))
            seen = jnp.concatenate([h, types.astype(h.dtype)], -1)
        gate = nn.sigmoid(Linear(self.pooled, **how, name="gate")(seen))
        value = jnp.tanh(Linear(self.pooled, **how, name="value")(seen))
        h = jnp.tanh(jnp.sum(gate * value, 1))
        for i, units in enumerate(self.head_widths):
            h = jnp.tanh(Linear(units, **how, name=f"last_{i}")(h))
        return self.head(h, label, **how)


class GraphConvolution(nn.Module):
    """``(h [n, N, c], bonds [n, N, N, Y]) -> [n, N, features]``: the sum of a linear
    map of the atom and of linear maps of its neighbours, one for each order of a bond
    except the first."""

    features: int
    dtype: jnp.dtype = jnp.float32
    spectral: bool = False

    @nn.compact
    def __call__(self, h, bonds):
        how = {"dtype": self.dtype, "spectral": self.spectral}
        own = Linear(self.features, **how, name="own")(h)
        for order in range(1, bonds.shape[-1]):
            sent = Linear(self.features, **how, name=f"order_{order}")(h)
            own = own + bonds[..., order].astype(self.dtype) @ sent
        return own
