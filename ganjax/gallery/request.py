"""What a picture mode is asked for, and the generator that it asks."""

import dataclasses
import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core import Decoder, averaged, child_key
from ganjax.errors import BadInput
from ganjax.evaluation.standing import standing
from ganjax.loading import Run


def looks_at(*options: str) -> Callable:
    """Marks a mode with those fields of a ``Request`` that its picture depends on, as
    its ``options``: whoever is given another one can refuse it."""

    def mark(mode):
        mode.options = options
        return mode

    return mark


@dataclasses.dataclass(frozen=True)
class Request:
    """A picture of a run.

    Attributes:
      run: whose newest checkpoint is shown.
      n: how many samples, or rows where each shows one.
      columns: of modes with rows; steps of a path, frames at most.
      seed: of the latents.
      path: ``'linear'`` or ``'spherical'``, where a mode goes through latents.
      reach: how far along a direction, in standard deviations of a latent.
      extractor: whose features make neighbours near; pixels if empty.
    """

    run: Run
    n: int = 8
    columns: int = 9
    seed: int = 0
    path: str = "spherical"
    reach: float = 3.0
    extractor: str = ""

    @functools.cached_property
    def decoder(self) -> Decoder:
        """How the game makes samples from latents.

        Raises:
          BadInput: if it does not.
        """
        if not isinstance(self.run.game.sample, Decoder):
            raise BadInput(
                f"workdir={self.run.path}: expected a game that makes samples from "
                f"latents, and game='{self.run.config.game}' does not"
            )
        return self.run.game.sample

    def require_images(self) -> None:
        """Raises ``BadInput`` unless the run generates images."""
        if len(self.run.source.spec.shape) != 3:
            raise BadInput(
                f"workdir={self.run.path}: expected a run that generates images, and "
                f"data.name='{self.run.config.data.name}' has points"
            )

    @functools.cached_property
    def variables(self):
        """Of the finished networks."""
        variables = averaged(self.run.game, self.run.state)
        if self.run.game.standing:
            key = child_key(jax.random.key(0), "standing")
            variables = standing(self.run.game, variables, key)
        return variables

    @functools.cached_property
    def apply(self) -> Callable:
        """``(network, *inputs, method=None)``, as ``Game.sample`` takes it; with one
        and the same noise for all samples, as most modes show how they change."""
        return self.run.game.steady(self.variables)

    @functools.cached_property
    def key(self) -> jax.Array:
        """Of samples, as ``Run.sample`` takes it."""
        return jax.random.key(self.seed)

    def latents(self, n: int, name: str = "latents") -> jax.Array:
        """``n`` latents ``[n, d]``, each by the seed, ``name`` and its place alone."""
        key = child_key(jax.random.key(self.seed), name)
        keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.arange(n))
        return self.decoder.draw(keys)

    @functools.cached_property
    def _decode(self) -> Callable:
        return jax.jit(lambda z, label: self.decoder.decode(self.apply, z, label))

    def decode(self, z, label=None) -> np.ndarray:
        """Samples ``[n, …]`` of latents ``[n, d]``; where the game is asked for labels
        and none are given, the classes in turn."""
        if label is None:
            label = self.decoder.labels(len(z))
        return np.asarray(self._decode(z, label))
