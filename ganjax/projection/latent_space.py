"""The spaces in which pictures have latents, and the images of such latents.

- ``z``: the random vector that the game draws.
- ``w``: one style, which all layers use. A style is the vector that the mapping network
  of StyleGAN2 makes from ``z``. Other generators have no styles.
- ``w+``: a style for each layer (Abdal et al. 2019, arXiv 1904.03189).

In ganjax a generator computes its noise from the latent. Here all latents have the same
noise, as in ``Model.decode``: when a latent moves, the noise does not change.
"""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core import Game
from ganjax.errors import BadInput, unknown
from ganjax.model import Model

SPACES = ("z", "w", "w+")
GENERATOR = "generator"


@dataclasses.dataclass(frozen=True)
class Latents:
    """Latents of pictures.

    Attributes:
      space: ``'z'``, ``'w'`` or ``'w+'``.
      values: ``z [n, d]``, or styles ``[n, layers, d]``. In the space ``w`` the styles
        of all layers are equal.
      label: the labels ``[n]`` of a game with labels, or ``None``.
    """

    space: str
    values: np.ndarray
    label: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)


def has_styles(game: Game) -> bool:
    """Return whether the game has a generator with styles, such as StyleGAN2."""
    network = game.networks.get(GENERATOR)
    return network is not None and hasattr(network.module, "synthesise")


def space_of(space: str, game: Game, network: str) -> str:
    """Check the name of a space and return it.

    Args:
      space: the name. If it is empty, the result is ``w`` for a generator with styles,
        else ``z``.
      network: the generator's name in the config, for the message.

    Raises:
      BadInput: if there is no such space, or it is ``w`` or ``w+`` and the generator
        has no styles.
    """
    styled = has_styles(game)
    space = space or ("w" if styled else "z")
    if space not in SPACES:
        raise unknown("space", space, SPACES)
    if space != "z" and not styled:
        raise BadInput(
            f"space='{space}': expected 'z', because networks.generator.name="
            f"'{network}' has no styles ('stylegan2' has)"
        )
    return space


def inputs_of(sampler, z, label):
    """Return the tuple of the generator's inputs for latents ``z [n, d]`` and labels.

    It depends on the game whether a label is joined to the latent or is a second input.
    """
    return sampler.decode(lambda network, *inputs: inputs, z, label)


@functools.lru_cache(maxsize=32)
def mapped(sampler):
    """Return the function ``(apply, z [n, d], label) -> styles w [n, layers, d]``.

    It is the same object for the same sampler, so that programs are compiled only once.
    """

    def styles(apply, z, label):
        return apply(GENERATOR, *inputs_of(sampler, z, label), method="map")

    return styles


@functools.lru_cache(maxsize=32)
def synthesised(sampler):
    """Return the function ``(apply, w [n, layers or 1, d], label) -> images``.

    If ``w`` has one style, all layers use it. The images do not depend on ``label``.
    The function is the same object for the same sampler, so that programs are compiled
    only once.
    """

    def images(apply, w, label):
        n = w.shape[0]
        z = sampler.draw(jax.random.split(jax.random.key(0), n))
        # Only the shapes are used: of the noise's latent, and the number of layers.
        inputs = inputs_of(sampler, z, _first_class(sampler, n))
        layers = apply(GENERATOR, *inputs, method="map").shape[1]
        w = jnp.broadcast_to(w, (n, layers, w.shape[-1]))
        fixed = jnp.zeros_like(inputs[0])
        return apply(GENERATOR, w, fixed, method="synthesise")

    return images


def _first_class(sampler, n):
    return jnp.zeros(n, jnp.int32) if sampler.classes else None


def styles_of(model: Model, latents: Latents) -> np.ndarray:
    """Return the styles ``[n, layers, d]`` of latents after truncation.

    A style w becomes w̄ + ψ·(w − w̄), with the mean style w̄ and the model's truncation ψ
    (Karras et al. 2019, arXiv 1812.04948, appendix B).
    """
    if latents.space == "z":  # the mapping truncates
        function = mapped(model.sampler)
        return model.in_chunks(function, latents.values, latents.label)
    average = np.asarray(model.variables[GENERATOR]["average"]["w"]).reshape(1, 1, -1)
    share = model.sampling.truncation or 1.0
    return average + np.float32(share) * (latents.values - average)


def images_of_styles(model: Model, w: np.ndarray) -> np.ndarray:
    """Return the images ``[n, H, W, C]`` of styles ``w [n, layers, d]``, which are not
    truncated."""
    return model.in_chunks(synthesised(model.sampler), w, None)


def images_of(model: Model, latents: Latents) -> np.ndarray:
    """Return the images ``[n, H, W, C]`` of latents, with the model's truncation."""
    if has_styles(model.game):
        return images_of_styles(model, styles_of(model, latents))
    return model.decode(latents.values, latents.label)
