"""Latent distributions ``(keys [n], size) -> z [n, size]``, with one random key per
sample. An optional step moves latents to a higher critic score before their use."""

import dataclasses
from collections.abc import Callable, Collection, Mapping

import jax
import jax.numpy as jnp

from ganjax.names import Table
from ganjax.options import option, own


def normal(keys: jax.Array, size: int) -> jax.Array:
    """Draw z ~ N(0, I)."""
    return jax.vmap(lambda key: jax.random.normal(key, (size,)))(keys)


def uniform(keys: jax.Array, size: int) -> jax.Array:
    """Draw z ~ U[-1, 1] for each of ``size`` numbers (DCGAN; Radford et al. 2016, arXiv
    1511.06434)."""
    return jax.vmap(lambda key: jax.random.uniform(key, (size,), minval=-1))(keys)


def wide_uniform(keys: jax.Array, size: int) -> jax.Array:
    """Draw z ~ U[-5, 5] for each of ``size`` numbers (for two clusters; Sun et al.
    2020, arXiv 2011.04926)."""
    return 5 * uniform(keys, size)


def truncated(keys: jax.Array, size: int, limit: float) -> jax.Array:
    """Draw normal latents with every number in [-limit, limit] (the truncation trick;
    Brock et al. 2019, arXiv 1809.11096, section 3.1)."""
    draw = jax.random.truncated_normal
    return jax.vmap(lambda key: draw(key, -limit, limit, (size,)))(keys)


def optimised(
    z: jax.Array, score: Callable[[jax.Array], jax.Array], step: jax.Array,
    damping: jax.Array,
) -> jax.Array:  # fmt: skip
    """Return latents ``z [n, d]`` after one step that raises the critic's ``score [n]``
    (LOGAN; Wu et al. 2019, arXiv 1912.00953, eq. 11).

    The step is the paper's natural gradient, Δz = step · g / (‖g‖² + damping) with g =
    ∂score/∂z. Gradients flow through it to generator and critic. The paper's penalty on
    Δz (weight w_r) is not implemented.

    Args:
      score: ``z [n, d] -> [n]``.
    """
    slope = jax.grad(lambda z: jnp.sum(score(z)))(z)
    squares = jnp.sum(slope**2, -1, keepdims=True)
    return z + step * slope / (squares + damping)


# The mean of each is 0, which the mean image relies on.
LATENTS = Table(
    "a distribution, (keys, size) -> z",
    {"normal": normal, "uniform": uniform, "wide_uniform": wide_uniform},
    takes=2,
)


@dataclasses.dataclass(frozen=True)
class LatentOptions:
    """The section ``latents`` of a config."""

    name: str = option("normal", "distribution of latents", choices=LATENTS)
    size: int = option(64, "dimension of a latent", least=1)


@dataclasses.dataclass(frozen=True)
class OptimisedLatentOptions(LatentOptions):
    """The section ``latents`` of a game whose generator makes samples from latents."""

    optimisation: float = option(
        0.0, "step size of latent optimisation (LOGAN)", least=0, zero="none",
        knob=True,
    )  # fmt: skip
    damping: float = option(5.0, "damping of that optimisation", above=0, knob=True)


def _unchanged(view, z, score):
    return z


@dataclasses.dataclass(frozen=True)
class Latents:
    """The latents of a game.

    Attributes:
      size: dimension of a latent.
      draw: ``(keys [n], truncation=0.0) -> z [n, size]``. ``truncation`` limits the
        absolute value of each number of a normal latent; 0 means no limit.
      optimise: ``(view, z, score) -> z``, applied to the latents of each update before
        their use. ``score`` maps latents to the critic's logits of their samples.
    """

    size: int
    draw: Callable[..., jax.Array]
    optimise: Callable = _unchanged


def latents_of(section: Mapping, on: Collection[str]) -> Latents:
    """Return the functions that draw and optimise latents, as the section ``latents``
    of a config describes them.

    Args:
      on: names of the knobs (numbers of the config) that are in use. Training optimises
        latents if ``latents.optimisation`` is among them.
    """
    distribution = LATENTS.find("latents.name", section["name"])
    size, options = section["size"], own(distribution, section)

    def draw(keys, truncation=0.0):
        if truncation:
            return truncated(keys, size, truncation)
        return distribution(keys, size, **options)

    def optimise(view, z, score):
        step, damping = (
            view.knobs[f"latents.{k}"] for k in ("optimisation", "damping")
        )
        return optimised(z, score, step, damping)

    optimises = "latents.optimisation" in on
    return Latents(size, draw, optimise if optimises else _unchanged)
