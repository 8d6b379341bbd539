"""Scores of sets of samples against a reference set, for ``ganjax score``."""

import contextlib
import types
from pathlib import Path
from typing import Any

import numpy as np

import ganjax
from ganjax import metrics as distances
from ganjax.data.alpha import has_alpha
from ganjax.data.tree import archive_stem
from ganjax.errors import BadInput, Uncomputable
from ganjax.evaluation.measure_needs import Counted, Facts, check_measure
from ganjax.evaluation.paired import LEVEL, differences
from ganjax.evaluation.protocol import stated
from ganjax.evaluation.scores import name_of
from ganjax.evaluation.set_features import chosen
from ganjax.evaluation.set_fit import Set, features_of, pictures
from ganjax.evaluation.side import Side
from ganjax.evaluation.statistics_file import Statistics


class ComparedSets:
    """One or two sets of samples that are compared with a reference set.

    Args:
      sets: the reference, and one or two sets to score. The caller has checked that
        they can be compared.
      sides: for each set, a ``Side`` (the samples with features and labels); ``None``
        for a set of which only mean and covariance of the features are saved.
      digests: for each set, the SHA-256 of its samples or statistics.
      extractor: computes the features of images; ``None`` for pixels or given features.
      measures: name -> ``Measure``. If only statistics of the reference are saved, the
        measures must already contain them, as ``frechet_to`` does.
      by_class: whether to score also each class alone.
    """

    def __init__(self, sets, sides, digests, extractor, measures, by_class):
        self.sets, self.sides, self.extractor = sets, sides, extractor
        self.measures, self.by_class, self.digests = measures, by_class, digests
        # The two attributes that names of scores depend on.
        self.named = types.SimpleNamespace(
            extractor=extractor, pictures=any(map(pictures, sets))
        )

    def scored(self, at: int) -> dict[str, Any]:
        """Return the scores of one set, for JSON.

        Args:
          at: index of the set in ``sets``, 1 or 2.

        Returns:
          ``samples`` (facts about the set), ``scores`` (name -> value), ``by_class`` if
          it was requested, and ``protocol`` (how the scores were computed).

        Raises:
          BadInput: if a measure cannot use the samples. The message names the measure.
        """
        real, side, found = self.sides[0], self.sides[at], self.sets[at]
        if side is None:
            stems = {"fd": self._of_statistics(at)}
            scores = {self._name(None, k, found.count): v for k, v in stems.items()}
        else:
            scores = self._scores(real, side, found.path)
        result = {"samples": facts_of(found, self.digests[at]), "scores": scores}
        if self.by_class:
            result["by_class"] = {
                str(name): self._scores(
                    *(chosen(x, np.flatnonzero(x.label == name)) for x in (real, side)),
                    f"{found.path}, class {name}",
                )
                for name in np.unique(real.label)
            }
        return {**result, "protocol": self._protocol(found)}

    def compared(self, resamples: int, seed: int) -> dict[str, Any]:
        """Return the scores of the first set minus the scores of the second set.

        Args:
          resamples: number of random halves of the sets, which give the intervals.
          seed: seed of the halves.

        Returns:
          ``differences`` (name of a score -> difference and ends of its interval) and
          ``interval`` (how the intervals were computed).

        Raises:
          BadInput: if a measure cannot use half of the samples.
        """
        found = {}
        for name, measure in self.measures.items():
            with about(name):
                stems = differences(
                    measure, *self.sides, resamples=resamples, seed=seed
                )
            count = len(self.sides[1])
            found |= {self._name(measure, k, count): v for k, v in stems.items()}
        interval = {"level": LEVEL, "halves": resamples, "seed": seed}
        return {"differences": found, "interval": interval}

    def _scores(self, real, side, path):
        found = {}
        for name, measure in self.measures.items():
            with about(name):
                check_measure(measure, _facts(real, side, self.sets[0].path, path))
                for stem, value in measure.compare(real, side):
                    found[self._name(measure, stem, len(side))] = float(value)
        return found

    def _name(self, measure, stem, count):
        if count is None:
            return name_of(self.named, stem, 1).rpartition("_")[0]
        name = measure.name_of if measure else name_of
        return name(self.named, stem, count)

    def _of_statistics(self, at):
        with about("frechet"):
            return distances.frechet_distance(*self._moments(0), *self._moments(at))

    def _moments(self, at):
        if self.sides[at] is not None:
            return distances.moments(self.sides[at].features)
        return self.sets[at].mean, self.sets[at].cov

    def _protocol(self, found):
        """Return the fields of ``evaluation.protocol``, and the reference's SHA-256."""
        real, extractor = self.sets[0], self.extractor
        alpha = extractor and any(has_alpha(x.shape) for x in (real, found))
        drawn = dict.fromkeys(
            ("parameters", "precision", "statistics", "truncation", "step", "seed"),
            "none",
        )
        return {
            "data": archive_stem(Path(real.path)),
            "reference": real.kind,
            "reference_sha256": self.digests[0],
            "real": count_of(real) or "unknown",
            "held_out": "none",
            "fake": count_of(found) or "unknown",
            **features_of(extractor),
            "values": "256 values a channel" if extractor else "float32",
            **stated(self.measures),
            **({"alpha": "on white"} if alpha else {}),
            **drawn,
            **getattr(found, "drawn", {}),
            "ganjax": ganjax.__version__,
        }


def _facts(real: Side | None, side: Side, *paths: str) -> Facts:
    """Return what is known before a measure compares two sides."""

    def counted(one, path):
        def words(count, of_class):
            return f"{count} samples{of_class} in '{path}'"

        return Counted(words, len(one), lambda: one.label)

    pixels = side.extractor is None and side.data.ndim == 4
    return Facts(
        None if real is None else counted(real, paths[0]),
        [counted(side, paths[1])],
        classes=lambda: side.probabilities is not None,
        values=side.features.shape[1] if pixels else 0,
        sample="an image",
        extractor="--extractor",
    )


def count_of(found: Set) -> int | None:
    """Return the number of samples of a set; ``None`` if the set is saved statistics
    without this number."""
    return found.count if isinstance(found, Statistics) else len(found)


def facts_of(found: Set, digest: str) -> dict[str, Any]:
    """Return the facts about a set, for JSON: path, kind, number of samples, shape of a
    sample, SHA-256.

    Args:
      found: the set. If its images differ in size, the shape is ``None``.
      digest: the SHA-256 of the set.
    """
    shape = None if getattr(found, "odd", "") else [int(n) for n in found.shape]
    facts = {"path": found.path, "kind": found.kind, "count": count_of(found)}
    return {**facts, "shape": shape, "sha256": digest}


@contextlib.contextmanager
def about(name: str):
    """Turn an ``Uncomputable`` inside the context into a ``BadInput`` whose message
    names the metric.

    Args:
      name: name of the metric.
    """
    try:
        yield
    except Uncomputable as error:
        raise BadInput(f"metrics='{name}': {error}") from error
