"""What evaluators look at: real samples, read once, and a state's, drawn once."""

import dataclasses
import functools

import jax
import numpy as np

from ganjax.core import Game, GameState, child_key
from ganjax.data import Source
from ganjax.evaluation.kept import kept
from ganjax.evaluation.sampling import asked_labels, draw, held_out
from ganjax.metrics.features import Extractor


@dataclasses.dataclass(frozen=True)
class Side:
    """Samples of one kind.

    Attributes:
      data: ``[n, …]`` as networks see them.
      label: ``[n]``, what they are or were asked to be; ``None`` where nothing is said.
      extractor: what sees them; ``None`` for the samples themselves as features.
    """

    data: np.ndarray
    label: np.ndarray | None
    extractor: Extractor | None

    @functools.cached_property
    def _seen(self):
        if self.extractor is None:
            return self.data.reshape(len(self.data), -1), None
        return self.extractor.see(as_bytes(self.data))

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
        """The first ``n`` samples, with their features."""
        part = Side(
            self.data[:n],
            None if self.label is None else self.label[:n],
            self.extractor,
        )
        if "_seen" in self.__dict__:
            features, probabilities = self._seen
            known = None if probabilities is None else probabilities[:n]
            part.__dict__["_seen"] = features[:n], known
        return part


class RealSide(Side):
    """Real samples, whose features are kept on the disk."""

    @functools.cached_property
    def _seen(self):
        if self.extractor is None:
            return super()._seen
        images = as_bytes(self.data)
        return kept(self.extractor, images, lambda: self.extractor.see(images))


def as_bytes(images: np.ndarray) -> np.ndarray:
    """``[n, H, W, C]`` in [-1, 1] to the nearest of 256 values, as files hold them and
    every extractor expects them."""
    return np.rint((np.clip(images, -1, 1) + 1) * 127.5).astype(np.uint8)


class Exhibit:
    """The samples by which a run is judged.

    Args:
      game: what is judged.
      source: its data.
      samples: how many are generated.
      real: at most so many real ones of each split, a seeded choice.
      seed: of the choice and of the latents.
      extractor: what sees images; ``None`` for pixels, or points.
    """

    def __init__(
        self,
        game: Game,
        source: Source,
        *,
        samples: int,
        seed: int,
        real: int = 10_000,
        extractor: Extractor | None = None,
    ):
        self.game, self.source = game, source
        self.samples, self.real, self.seed = samples, real, seed
        self.extractor = extractor
        self._drawn: tuple[GameState, Side] | None = None

    @property
    def pictures(self) -> bool:
        return len(self.source.spec.shape) == 3

    @property
    def labelled(self) -> bool:
        """Whether samples are asked for by label."""
        return asked_labels(self.game, 1) is not None

    @functools.cached_property
    def train(self) -> Side:
        """What the game learns from: the reference of every comparison."""
        return self._of(self.source.train)

    @functools.cached_property
    def test(self) -> Side:
        """Real samples that it has not seen: the floor of every comparison."""
        return self._of(self.source.test)

    def fake(self, state: GameState) -> Side:
        """Samples of ``state``, the same for every evaluator that asks."""
        if self._drawn is None or self._drawn[0] is not state:
            key = child_key(jax.random.key(self.seed), "evaluation")
            data = draw(self.game, state, key, self.samples)
            label = asked_labels(self.game, self.samples)
            self._drawn = state, Side(data, label, self.extractor)
        return self._drawn[1]

    def _of(self, split):
        data, label = held_out(split, self.real, self.seed)
        known = label if self.source.spec.classes else None
        return RealSide(data, known, self.extractor)
