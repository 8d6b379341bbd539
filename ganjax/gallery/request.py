"""The request for a picture of a run, with the options of the picture."""

import dataclasses
import functools
from collections.abc import Callable

import jax

from ganjax.core import child_key, sample_keys
from ganjax.errors import BadInput
from ganjax.loading import Run
from ganjax.model import Model, Sampler
from ganjax.projection import Latents, read_latents


def looks_at(*options: str, projected: tuple[str, ...] | None = None) -> Callable:
    """Mark a mode (a function that draws a picture) with the options that it reads.

    Args:
      options: names of ``Request`` fields. They become the mode's attribute
        ``options``. ``ganjax sample`` refuses other options for this mode.
      projected: names of the fields that change the picture of ``Request.projected``;
        ``None`` for a mode that does not draw projected pictures.

    Returns:
      The decorator that marks the mode.
    """

    def mark(mode):
        mode.options = options if projected is None else (*options, "projected")
        mode.options_of_projected = projected
        return mode

    return mark


@dataclasses.dataclass(frozen=True)
class Request:
    """A request for a picture of a run.

    Attributes:
      run: the run. The picture shows its newest checkpoint.
      n: number of samples, or of rows in a mode with one sample for each row.
      columns: number of columns, of steps in a path, or the maximum number of frames.
      seed: seed of the latents.
      path: ``'linear'`` or ``'spherical'``, for modes that interpolate latents; the
        default is spherical for latents and linear for styles.
      reach: distance along a direction, in standard deviations of a latent.
      extractor: name of a feature extractor. Its features define the nearest neighbours
        (empty: pixels), and its classifier finds the classes for arithmetic.
      projected: the file of ``ganjax project`` whose pictures are drawn, in place of
        random latents.
    """

    run: Run
    n: int = 8
    columns: int = 9
    seed: int = 0
    path: str = ""
    reach: float = 3.0
    extractor: str = ""
    projected: str = ""

    @functools.cached_property
    def saved(self) -> Latents | None:
        """Return the latents of the file ``projected``; ``None`` without a file.

        Raises:
          BadInput: if it holds no latents of this run.
        """
        return read_latents(self.projected, self.run) if self.projected else None

    @property
    def model(self) -> Model:
        """Return the trained model of the newest checkpoint."""
        return self.run.model

    @property
    def sampler(self) -> Sampler:
        """Return the sampler, which draws latents and maps them to samples.

        Raises:
          BadInput: if the game does not make samples from latents.
        """
        if not self.model.sampler.from_latents:
            raise BadInput(
                f"workdir={self.run.path}: expected a game that makes samples from "
                f"latents, not game='{self.run.config.game}'"
            )
        return self.model.sampler

    def require_images(self) -> None:
        """Raise ``BadInput`` unless the run generates images."""
        if len(self.run.source.spec.shape) != 3:
            raise BadInput(
                f"workdir={self.run.path}: expected a run that generates images, but "
                f"data.name='{self.run.config.data.name}' has points"
            )

    @functools.cached_property
    def key(self) -> jax.Array:
        """Return the random key of the picture's seed."""
        return jax.random.key(self.seed)

    def latents(self, n: int, name: str = "latents") -> jax.Array:
        """Return ``n`` random latents ``[n, d]`` for a picture. ``name`` names the set:
        sets with different names are independent. A latent depends only on the option
        ``seed``, on ``name`` and on its index, not on ``n``."""
        return self.sampler.draw(sample_keys(child_key(self.key, name), n))
