"""Synthetic distributions: mixtures, a swiss roll, two domains, coloured waves.

Every source here ignores its ``directory``. Its test split draws independent samples
of the same distribution as its training split. Papers use the same layout with
different scales, so each variant has a separate name; ``LAYOUTS`` cites the paper.
"""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.data.source import Sampler, Source, Spec


def ring(count: int, radius: float = 1.0) -> np.ndarray:
    """Return ``count`` points at equal distances on a circle, float64 ``[count, 2]``.
    The first is at angle 0."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def grid(side: int, spacing: float) -> np.ndarray:
    """Return a centred ``side`` × ``side`` grid of points, float64 ``[side², 2]``.
    Neighbours are ``spacing`` apart. The first coordinate changes slowest."""
    line = spacing * (np.arange(side) - (side - 1) / 2)
    return np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)


def mixture(modes: np.ndarray, std: float) -> Sampler:
    """Return a sampler of equally likely isotropic Gaussians of equal variance. The
    label is the index of the Gaussian.

    Args:
        modes: centres ``[K, D]``.
        std: standard deviation of each component along each axis.
    """
    centres = np.asarray(modes, np.float32)

    def draw(key: jax.Array) -> dict[str, jax.Array]:
        which, where = jax.random.split(key)
        label = jax.random.randint(which, (), 0, len(centres))
        noise = jax.random.normal(where, centres.shape[1:])
        return {"data": jnp.asarray(centres)[label] + std * noise, "label": label}

    return jax.vmap(draw)


def swiss_roll(key: jax.Array) -> dict[str, jax.Array]:
    """Draw a point of WGAN-GP's toy swiss roll, ``{'data': [2], 'label': 0}``.

    With u ~ U[0, 1) and t = 1.5π(1 + 2u): ((t cos t, t sin t) + 0.25 N(0, I)) / 7.5.
    These are axes 0 and 2 of scikit-learn's ``make_swiss_roll(noise=0.25)``, over 7.5.
    """
    along, across = jax.random.split(key)
    t = 1.5 * jnp.pi * (1 + 2 * jax.random.uniform(along))
    spiral = jnp.stack([t * jnp.cos(t), t * jnp.sin(t)])
    point = (spiral + 0.25 * jax.random.normal(across, (2,))) / 7.5
    return {"data": point, "label": jnp.int32(0)}


CLUSTERS = np.array([[0.15], [4.15]])


def two_clusters(key: jax.Array) -> dict[str, jax.Array]:
    """Draw from U[0, 0.3] ∪ (4 + U[0, 0.3]), ``{'data': [1], 'label': 0 or 1}``.

    The one-dimensional data of Sun, Fang and Schwing 2020. Scores that count modes use
    the centres 0.15 and 4.15 and the standard deviation 0.05: three deviations reach
    the ends of a cluster.
    """
    which, where = jax.random.split(key)
    label = jax.random.randint(which, (), 0, 2)
    return {"data": 4.0 * label + 0.3 * jax.random.uniform(where, (1,)), "label": label}


TURN, STRETCH = np.pi / 8, 1.5


def a_to_b(points: np.ndarray) -> np.ndarray:
    """Map points ``[n, 2]`` of domain a to domain b of the source ``unpaired``: turn
    them by 22.5° and stretch them by 1.5.

    This maps the distribution of a to the distribution of b. The map that a
    cycle-consistent model learns may differ from it by a symmetry of the ring.
    """
    c, s = np.cos(TURN), np.sin(TURN)
    return STRETCH * points @ np.array([[c, s], [-s, c]])


def open_unpaired(directory: str = "") -> Source:
    """Open two domains of points without pairs, ``{'a': [n, 2], 'b': [n, 2]}``, for
    CycleGAN.

    Domain a is a ring of 8 Gaussians (radius 1, σ = 0.02). Domain b is an independent
    draw from this ring, turned by 22.5° and stretched by 1.5. ``spec.modes`` and
    ``spec.std`` describe b, the domain that a model generates.
    """
    modes, std = a_to_b(ring(8)), STRETCH * 0.02
    first, second = mixture(ring(8), 0.02), mixture(modes, std)

    def sampler(keys: jax.Array) -> dict[str, jax.Array]:
        pair = jax.vmap(jax.random.split)(keys)
        return {"a": first(pair[:, 0])["data"], "b": second(pair[:, 1])["data"]}

    spec = Spec("unpaired", (2,), modes=modes, std=std, domains=("a", "b"))
    return Source(spec, sampler, sampler)


def open_paired(directory: str = "") -> Source:
    """Open two domains of points in pairs: a is a point of a ring of 8 Gaussians, and b
    is the same point, turned by 22.5° and stretched by 1.5."""
    first = mixture(ring(8), 0.02)

    def sampler(keys: jax.Array) -> dict[str, jax.Array]:
        a = first(keys)["data"]
        return {"a": a, "b": a_to_b(a)}

    facts = dict(name="paired", paired=True, test_paired=True)
    return Source(dataclasses.replace(open_unpaired().spec, **facts), sampler, sampler)


# name -> (modes, standard deviation, source).
LAYOUTS: dict[str, tuple[np.ndarray, float, str]] = {
    "ring8": (ring(8), 0.02, "unrolled GAN (Metz et al. 2017): 8 distinct modes"),
    "ring8_pacgan": (
        ring(8), 0.01, "PacGAN (Lin et al. 2018), and Mescheder et al. 2017"
    ),
    "ring8_wgan_gp": (
        ring(8, 2.0) / 1.414, 0.02 / 1.414,
        "WGAN-GP (Gulrajani et al. 2017): centres and noise are both divided",
    ),
    "ring5_rsgan": (
        ring(5), 0.002**0.5, "Sun et al. 2020 (arXiv 2011.04926): variance 0.002"
    ),
    "grid25": (grid(5, 2.0), 0.05, "PacGAN (Lin et al. 2018): {-4, -2, 0, 2, 4}²"),
    "grid25_wgan_gp": (
        grid(5, 2.0) / 2.828, 0.05 / 2.828,
        "WGAN-GP (Gulrajani et al. 2017): centres and noise are both divided",
    ),
}  # fmt: skip


def _opener(spec: Spec, sampler: Sampler, said: str) -> Callable[[str], Source]:
    def opener(directory: str = "") -> Source:
        return Source(spec, sampler, sampler)

    opener.__doc__ = said
    return opener


def gaussians(name: str) -> Callable[[str], Source]:
    """Return the function ``directory -> Source`` that opens a mixture of Gaussians.

    Args:
        name: a key of ``LAYOUTS``.
    """
    modes, std, said = LAYOUTS[name]
    classes = tuple(map(str, range(len(modes))))
    spec = Spec(name, modes.shape[1:], classes, modes, std)
    return _opener(spec, mixture(modes, std), f"Open the equal Gaussians of {said}.")


def shape(
    name: str, draw: Callable, size: int, modes=None, std: float | None = None
) -> Callable[[str], Source]:
    """Return the function ``directory -> Source`` that opens a distribution of points.

    Args:
        name: name of the source.
        draw: ``key -> {'data': [size], 'label'}``, draws one sample.
        size: number of coordinates of a sample.
        modes, std: centres ``[K, size]`` and standard deviation, for scores that count
            modes.
    """
    spec = Spec(name, (size,), modes=modes, std=std)
    return _opener(spec, jax.vmap(draw), draw.__doc__)


DIRECTIONS = 10


def gratings(size: int) -> Callable[[str], Source]:
    """Return the function ``directory -> Source`` that opens images of coloured waves,
    ``size × size × 3`` in [-1, 1]: images of any resolution without files.

    The label is one of ``DIRECTIONS`` directions. Colour, phase and wavelength (an
    eighth to a half of the image) are random.
    """
    y, x = np.mgrid[:size, :size].astype(np.float32) / size

    def draw(key: jax.Array) -> dict[str, jax.Array]:
        which, phase, length, colour = jax.random.split(key, 4)
        label = jax.random.randint(which, (), 0, DIRECTIONS)
        angle = jnp.pi * label / DIRECTIONS
        waves = jax.random.uniform(length, minval=2.0, maxval=8.0)
        along = jnp.cos(angle) * x + jnp.sin(angle) * y
        offset = jax.random.uniform(phase, maxval=2 * jnp.pi)
        wave = jnp.cos(2 * jnp.pi * waves * along + offset)
        tint = jax.random.uniform(colour, (1, 1, 3), minval=-1.0)
        return {"data": wave[..., None] * tint, "label": label}

    classes = tuple(str(label) for label in range(DIRECTIONS))
    spec = Spec(f"gratings{size}", (size, size, 3), classes)
    said = f"Open coloured waves of {size}×{size}; the label is their direction."
    return _opener(spec, jax.vmap(draw), said)
