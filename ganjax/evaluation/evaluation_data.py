"""What evaluators look at: real samples, read once, and a model's, drawn once."""

import dataclasses
import functools

import jax
import numpy as np

from ganjax.core import child_key
from ganjax.data import Source, as_bytes, held_out
from ganjax.errors import Uncomputable
from ganjax.evaluation.feature_cache import cached_features
from ganjax.metrics.features import Extractor
from ganjax.model import Model, Sampler, Sampling


@dataclasses.dataclass(frozen=True)
class Side:
    """Samples of one kind.

    Attributes:
      data: ``[n, …]`` as networks see them.
      label: ``[n]``, what they are or were asked to be; ``None`` without labels.
      extractor: what sees them; ``None`` for the samples themselves as features.
      keep: whether features are kept on the disk, as for real samples.
    """

    data: np.ndarray
    label: np.ndarray | None
    extractor: Extractor | None
    keep: bool = False

    @functools.cached_property
    def _seen(self):
        if self.extractor is None:
            return self.data.reshape(len(self.data), -1), None
        images, see = as_bytes(self.data), self.extractor.see
        return cached_features(self.extractor, images) if self.keep else see(images)

    @property
    def features(self) -> np.ndarray:
        """``[n, D]``."""
        return self._seen[0]

    @property
    def probabilities(self) -> np.ndarray | None:
        """``[n, K]`` of the extractor's classes, where it has any."""
        return self._seen[1]

    def __len__(self) -> int:
        return len(self.data)

    def first(self, n: int) -> "Side":
        """Return the first ``n`` samples, with their features."""
        label = None if self.label is None else self.label[:n]
        part = Side(self.data[:n], label, self.extractor)
        if "_seen" in self.__dict__:
            features, probabilities = self._seen
            known = None if probabilities is None else probabilities[:n]
            part.__dict__["_seen"] = features[:n], known
        return part


@dataclasses.dataclass(eq=False)
class EvaluationData:
    """The samples by which a run is judged.

    Attributes:
      sampler: of the game that is judged.
      source: its data.
      sampling: of the models that are judged, for the protocol.
      samples: how many are generated.
      real: at most so many real ones of each split, a seeded choice.
      seed: of the choice and of the latents.
      extractor: what sees images; ``None`` for pixels, or points.
    """

    sampler: Sampler
    source: Source
    sampling: Sampling = Sampling()
    _: dataclasses.KW_ONLY
    samples: int
    seed: int
    real: int = 10_000
    extractor: Extractor | None = None

    def __post_init__(self):
        self._drawn: tuple[Model, Side] | None = None

    @property
    def pictures(self) -> bool:
        return len(self.source.spec.shape) == 3

    @property
    def labelled(self) -> bool:
        """Whether samples have the labels that they were asked for."""
        return self.sampler.classes > 0

    @functools.cached_property
    def train(self) -> Side:
        """What the game learns from: the reference of every comparison."""
        return self._of(self.source.train)

    @functools.cached_property
    def test(self) -> Side:
        """Real samples that it has not seen: the floor of every comparison."""
        return self._of(self.source.test)

    def fake(self, model: Model) -> Side:
        """Return samples of ``model``, the same for every evaluator that asks."""
        if self._drawn is None or self._drawn[0] is not model:
            key = child_key(jax.random.key(self.seed), "evaluation")
            data = model.sample(key, self.samples)
            label = model.labels(self.samples)
            self._drawn = model, Side(data, label, self.extractor)
        return self._drawn[1]

    def require(self, ability: str) -> None:
        """Raise ``Uncomputable`` unless the game has an ability."""
        if ability not in self.sampler.abilities:
            there = ", ".join(sorted(self.sampler.abilities)) or "nothing"
            raise Uncomputable(
                f"expected a game with the ability '{ability}', this one has {there}"
            )

    def require_latents(self) -> None:
        """Raise ``Uncomputable`` unless the game makes samples from latents."""
        if not self.sampler.from_latents:
            raise Uncomputable(
                "expected a game that makes samples from latents, as game='gan' does"
            )

    def _of(self, split):
        data, label = held_out(split, self.real, self.seed)
        known = label if self.source.spec.classes else None
        return Side(data, known, self.extractor, keep=True)
