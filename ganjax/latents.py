"""Latent distributions: ``(keys [n], size) -> z [n, size]``, a key for each sample; and
the step that a latent may take before it is used."""

import dataclasses
from collections.abc import Callable, Collection, Mapping

import jax
import jax.numpy as jnp

from ganjax.names import Table
from ganjax.options import option, own


def normal(keys: jax.Array, size: int) -> jax.Array:
    """z ~ N(0, I)."""
    return jax.vmap(lambda key: jax.random.normal(key, (size,)))(keys)


def uniform(keys: jax.Array, size: int) -> jax.Array:
    """z ~ U[-1, 1]^size (DCGAN; Radford et al. 2016, arXiv 1511.06434)."""
    return jax.vmap(lambda key: jax.random.uniform(key, (size,), minval=-1))(keys)


def wide_uniform(keys: jax.Array, size: int) -> jax.Array:
    """z ~ U[-5, 5]^size (Sun et al. 2020, arXiv 2011.04926, two clusters)."""
    return 5 * uniform(keys, size)


def truncated(keys: jax.Array, size: int, limit: float) -> jax.Array:
    """Normal latents of which every number lies in [-limit, limit] (the truncation
    trick; Brock et al. 2019, arXiv 1809.11096, section 3.1)."""
    draw = jax.random.truncated_normal
    return jax.vmap(lambda key: draw(key, -limit, limit, (size,)))(keys)


def optimised(
    z: jax.Array, score: Callable[[jax.Array], jax.Array], step: jax.Array,
    damping: jax.Array,
) -> jax.Array:  # fmt: skip
    """``z [n, d]`` after one step that raises the critic's ``score [n]`` of what it
    gives: Δz = step · g / (‖g‖² + damping), g = ∂score/∂z, the natural gradient of
    LOGAN (Wu et al. 2019, arXiv 1912.00953, eq. 11). Gradients flow through the step,
    to generator and critic; its own penalty (their w_r) is left out.
    """
    slope = jax.grad(lambda z: jnp.sum(score(z)))(z)
    squares = jnp.sum(slope**2, -1, keepdims=True)
    return z + step * slope / (squares + damping)


LATENTS = Table(
    "a distribution, (keys, size) -> z",
    {"normal": normal, "uniform": uniform, "wide_uniform": wide_uniform},
)


@dataclasses.dataclass(frozen=True)
class LatentOptions:
    """The section ``latents`` of a config."""

    name: str = option("normal", "distribution of latents", choices=LATENTS)
    size: int = option(64, "numbers of a latent", least=1)


@dataclasses.dataclass(frozen=True)
class OptimisedLatentOptions(LatentOptions):
    """The section ``latents`` of a game whose generator makes samples from latents."""

    optimisation: float = option(
        0.0, "step of a latent to a higher score (LOGAN)", least=0, zero="none",
        knob=True,
    )  # fmt: skip
    damping: float = option(5.0, "of that step", above=0, knob=True)


def _unchanged(view, z, score):
    return z


@dataclasses.dataclass(frozen=True)
class Latents:
    """The latents of a game.

    Attributes:
      size: numbers of a latent.
      draw: ``(keys [n], truncation=0.0) -> z [n, size]``; a truncation bounds each
        number of a normal latent.
      optimise: ``(view, z, score) -> z``, the latents of a turn before they are used,
        where ``score`` gives the critic's logits of their samples.
    """

    size: int
    draw: Callable[..., jax.Array]
    optimise: Callable = _unchanged


def latents_of(section: Mapping, on: Collection[str]) -> Latents:
    """Return the latents that the section of a config chose; ``on`` are the knobs whose
    terms are in the program."""
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
