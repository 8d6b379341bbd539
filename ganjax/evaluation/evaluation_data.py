"""The samples that evaluators use. Real samples are read once, and samples of a model
are drawn once, for all evaluators."""

import dataclasses
import functools
from collections.abc import Callable

import jax
import numpy as np

from ganjax.core import child_key
from ganjax.data import Source, held_out, real_samples
from ganjax.errors import Uncomputable
from ganjax.evaluation.side import MOST_BYTES, LazySide, Side, float_bytes
from ganjax.metrics.features import Extractor
from ganjax.model import Model, Sampler, Sampling

# The number of real samples of data that are drawn from a distribution.
DRAWN = 10_000


def _sample(model, key, n):
    return model.sample(key, n)


def latent_key(seed: int) -> jax.Array:
    """Return the key of the latents of generated samples, from the seed of an
    evaluation."""
    return child_key(jax.random.key(seed), "evaluation")


@dataclasses.dataclass(eq=False)
class EvaluationData:
    """The samples that evaluators use, shared by all evaluators of a run.

    Attributes:
      sampler: how the game makes samples, and what else it can do.
      source: the training and test data of the game.
      sampling: sampling options of the models, such as truncation and chosen classes.
      samples: number of generated samples.
      seed: seed of the latents, and of the choice of real samples.
      real: maximum number of real samples of each split, chosen at random. 0 takes the
        whole split. If a split is a distribution, 0 draws 10,000 samples from it.
      extractor: a pretrained network that computes features of images; ``None`` uses
        pixels or points as features.
      border: pixels on each side of an image that scores of luma (brightness) leave
        out; -1 for the factor by which the game enlarges images, or 0 if the game does
        not enlarge.
    """

    sampler: Sampler
    source: Source
    sampling: Sampling = Sampling()
    _: dataclasses.KW_ONLY
    samples: int
    seed: int
    real: int = 0
    extractor: Extractor | None = None
    border: int = -1

    def __post_init__(self):
        self._drawn: tuple[Model, Side] | None = None
        self.draw: Callable[..., np.ndarray] = _sample
        if self.border < 0:
            enlarging = self.sampler.enlarging
            self.border = enlarging.factor if enlarging else 0

    @property
    def pictures(self) -> bool:
        """Return whether the data are images (not points)."""
        return len(self.source.spec.shape) == 3

    @property
    def labelled(self) -> bool:
        """Return whether the game generates samples of a requested class."""
        return self.sampler.classes > 0

    @functools.cached_property
    def train(self) -> Side:
        """Return the training samples. Measures compare all other samples with them."""
        return self._of(self.source.train)

    @functools.cached_property
    def test(self) -> Side:
        """Return the held-out real samples. The floor of a score is the same score of
        these samples in place of generated samples."""
        return self._of(self.source.test)

    @functools.cached_property
    def glance(self) -> Side:
        """Return two held-out samples, for a fast check of the extractor's output."""
        data, _ = held_out(self.source.test, 2, self.seed)
        return Side(data, None, self.extractor)

    @property
    def sizes(self) -> dict[str, int]:
        """Return the number of samples of each set that evaluators use. The keys are
        ``generated``, ``training`` and ``held-out``."""
        real = {"training": self.source.train, "held-out": self.source.test}
        found = {name: self._count(split) for name, split in real.items()}
        return {"generated": self.samples, **found}

    def _count(self, split):
        items = real_samples(split)
        if items is None:
            return self.real or DRAWN
        return min(self.real or len(items), len(items))

    def require_pixels(self) -> None:
        """Check that both splits fit into memory, for an evaluator that reads pixels.

        Features of an extractor need no such check, because they are computed in parts.

        Raises:
          Uncomputable: if ``real`` is 0 and a split needs more than 16 GiB.
        """
        for split in () if self.real else (self.source.train, self.source.test):
            items = real_samples(split)
            needed = 0 if items is None else float_bytes(items, len(items))
            if needed > MOST_BYTES:
                raise Uncomputable(
                    f"the pixels of {len(items)} real samples need "
                    f"{needed / 2**30:.0f} GiB, expected at most "
                    f"{MOST_BYTES / 2**30:.0f}: evaluation.real=N takes N of them at "
                    f"random"
                )

    def fake(self, model: Model) -> Side:
        """Return generated samples of ``model``, as many as ``samples``.

        Every evaluator gets the same samples: they are drawn once for each model.
        """
        if self._drawn is None or self._drawn[0] is not model:
            data = self.draw(model, latent_key(self.seed), self.samples)
            label = model.labels(self.samples) if self.labelled else None
            self._drawn = model, Side(data, label, self.extractor)
        return self._drawn[1]

    def require(self, ability: str) -> None:
        """Check that the game's models have an ability, such as ``'encode'``.

        Raises:
          Uncomputable: if they do not. The message lists the abilities of the game.
        """
        if ability not in self.sampler.abilities:
            there = ", ".join(sorted(self.sampler.abilities)) or "none"
            raise Uncomputable(
                f"expected a game with the ability '{ability}', the abilities of this "
                f"game are: {there}"
            )

    def require_latents(self) -> None:
        """Check that the game makes samples from latents.

        Raises:
          Uncomputable: if it makes samples from other inputs, such as images.
        """
        if not self.sampler.from_latents:
            raise Uncomputable(
                "this game makes no samples from latents, expected a game that does, "
                "such as game='gan'"
            )

    def _of(self, split):
        items, count = real_samples(split), self._count(split)
        large = items is not None and float_bytes(items, count) > MOST_BYTES
        if large and self.extractor is not None:
            labelled = bool(self.source.spec.classes)
            return LazySide(items, count, self.seed, self.extractor, labelled)
        data, label = held_out(split, count, self.seed)
        known = label if self.source.spec.classes else None
        wanted = self.sampling.classes
        if wanted and not np.isin(label, wanted).all():
            raise Uncomputable(
                "the chosen classes are too rare in the data: too few samples of them "
                "were drawn"
            )
        return Side(data, known, self.extractor, keep=True)
