"""Scores of sets of samples against a reference set, with their protocol."""

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
from ganjax.evaluation.compared import Measure
from ganjax.evaluation.evaluation_data import Side
from ganjax.evaluation.measures import warn_of_rank
from ganjax.evaluation.paired import LEVEL, differences
from ganjax.evaluation.scores import name_of
from ganjax.evaluation.set_features import chosen
from ganjax.evaluation.set_fit import Set, features_of, pictures
from ganjax.evaluation.statistics_file import Statistics


class ComparedSets:
    """The scores of sets of samples against the first set, the reference.

    Args:
      sets: two or three sets that fit each other.
      sides: their samples with features and labels; ``None`` for statistics.
      digests: the SHA-256 of each.
      extractor: of the features of images.
      measures: by name. If the reference holds statistics, they do not read its side.
      by_class: whether to score each class as well.
    """

    def __init__(self, sets, sides, digests, extractor, measures, by_class):
        self.sets, self.sides, self.extractor = sets, sides, extractor
        self.measures, self.by_class, self.digests = measures, by_class, digests
        # The two attributes that names of scores depend on.
        self.named = types.SimpleNamespace(
            extractor=extractor, pictures=any(map(pictures, sets))
        )

    def scored(self, at: int) -> dict[str, Any]:
        """Return the entries of the result for a set."""
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
        """Return the differences of the two sets that are scored."""
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
                _check(measure, real, side, self.sets[0].path, path)
                for stem, value in measure.function(real, side):
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
            **({"alpha": "on white"} if alpha else {}),
            **drawn,
            **getattr(found, "drawn", {}),
            "ganjax": ganjax.__version__,
        }


def frechet_to(found: Statistics) -> Measure:
    """Return the measure of the Fréchet distance to saved statistics."""
    root = distances.covariance_root(found.cov)

    def frechet(real: None, other: Side):
        known = [found.count] if found.count is not None else []
        warn_of_rank(*known, len(other), width=len(found.mean))
        moments = distances.moments(other.features)
        yield "fd", distances.frechet_from_root(found.mean, root, *moments)
        low, high = distances.frechet_interval(found.mean, root, other.features)
        yield "fd_debiased_low", low
        yield "fd_debiased_high", high

    ends = ("fd_debiased_low", "fd_debiased_high")
    return Measure(frechet, lower=("fd",), neither=ends, least=(0, 2))


def _check(measure: Measure, real: Side | None, side: Side, *paths: str) -> None:
    """Raise ``Uncomputable`` unless the sides have what the measure needs."""
    for one, path, least in zip((real, side), paths, measure.least, strict=True):
        if one is not None and len(one) < least:
            raise Uncomputable(
                f"{len(one)} samples in '{path}', expected at least {least}"
            )
        if one is not None and measure.each_class:
            names, counts = np.unique(one.label, return_counts=True)
            for name, count in zip(names, counts, strict=True):
                if name in real.label and count < measure.each_class:
                    raise Uncomputable(
                        f"{count} samples of class '{name}' in '{path}', expected at "
                        f"least {measure.each_class}"
                    )
    pixels = side.extractor is None and side.data.ndim == 4
    values = side.features.shape[1]
    if pixels and measure.widest and values > measure.widest:
        raise Uncomputable(
            f"{values} values of an image as features: expected at most "
            f"{measure.widest}, or an extractor (--extractor)"
        )
    if measure.probabilities and side.probabilities is None:
        raise Uncomputable("expected an extractor with classes")


def count_of(found: Set) -> int | None:
    """Return the number of samples; ``None`` if statistics do not state it."""
    return found.count if isinstance(found, Statistics) else len(found)


def facts_of(found: Set, digest: str) -> dict[str, Any]:
    """Return the facts about a set, for JSON."""
    shape = None if getattr(found, "odd", "") else [int(n) for n in found.shape]
    facts = {"path": found.path, "kind": found.kind, "count": count_of(found)}
    return {**facts, "shape": shape, "sha256": digest}


@contextlib.contextmanager
def about(name: str):
    """Turn ``Uncomputable`` into a ``BadInput`` that names the metric."""
    try:
        yield
    except Uncomputable as error:
        raise BadInput(f"metrics='{name}': {error}") from error
