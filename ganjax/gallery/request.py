"""What a picture mode is asked for, and the model that it shows."""

import dataclasses
import functools
from collections.abc import Callable

import jax

from ganjax.core import child_key, sample_keys
from ganjax.errors import BadInput
from ganjax.loading import Run
from ganjax.model import Model, Sampler


def looks_at(*options: str) -> Callable:
    """Mark a mode with the fields of a ``Request`` that its picture depends on, as its
    ``options``, so that any other one can be refused."""

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

    @property
    def model(self) -> Model:
        """The finished model of the newest checkpoint."""
        return self.run.model

    @property
    def sampler(self) -> Sampler:
        """How the game makes samples from latents.

        Raises:
          BadInput: if it does not.
        """
        if not self.model.sampler.from_latents:
            raise BadInput(
                f"workdir={self.run.path}: expected a game that makes samples from "
                f"latents, and game='{self.run.config.game}' does not"
            )
        return self.model.sampler

    def require_images(self) -> None:
        """Raise ``BadInput`` unless the run generates images."""
        if len(self.run.source.spec.shape) != 3:
            raise BadInput(
                f"workdir={self.run.path}: expected a run that generates images, and "
                f"data.name='{self.run.config.data.name}' has points"
            )

    @functools.cached_property
    def key(self) -> jax.Array:
        """Of samples, as ``Model.sample`` takes it."""
        return jax.random.key(self.seed)

    def latents(self, n: int, name: str = "latents") -> jax.Array:
        """Return ``n`` latents ``[n, d]``, each by the seed, ``name`` and its place
        alone."""
        return self.sampler.draw(sample_keys(child_key(self.key, name), n))
