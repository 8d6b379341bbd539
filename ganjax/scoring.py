"""Score sets of samples against a reference set: files, folders and runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ganjax import metrics as distances
from ganjax.core import child_key
from ganjax.errors import BadInput, unknown
from ganjax.evaluation import EVALUATORS, Measure, Side
from ganjax.evaluation.compared_sets import ComparedSets, about, facts_of
from ganjax.evaluation.measures import MEASURES, frechet_to
from ganjax.evaluation.set_features import side_of
from ganjax.evaluation.set_fit import (
    Set,
    check_fit,
    check_pair,
    check_pixels,
    features_of,
    labels_of,
    pictures,
)
from ganjax.evaluation.sets import ArraySet, open_set
from ganjax.evaluation.statistics_file import Statistics, write_statistics
from ganjax.loading import Run
from ganjax.metrics.features import open_extractor
from ganjax.model import PRECISION
from ganjax.names import is_path
from ganjax.options import options_of
from ganjax.run_files import RunFiles
from ganjax.unpacking import opened

DEFAULT = ("frechet", "kernel")
RESAMPLES = 100


def score(
    reference: Path | str,
    samples: Path | str | None = None,
    other: Path | str | None = None,
    *,
    metrics: Sequence[str] = (),
    extractor: str = "",
    weights: str = "",
    resize: str = "",
    n: int | None = None,
    seed: int | None = None,
    by_class: bool = False,
    options: Mapping[str, Any] | None = None,
    resamples: int = RESAMPLES,
    save_statistics: Path | str = "",
    trust_code: bool = False,
) -> dict[str, Any]:
    """Return the scores of ``samples`` against ``reference``, with their settings.

    A set is a folder, a .zip or a .tar of images; a .npz or .npy of images or features;
    a set that ``ganjax prepare`` has made; the folder of a run, which means ``n``
    samples of the run; or a .npz of statistics (mean and covariance of features), for
    the Fréchet distance alone. To know which score real samples reach, give held-out
    real samples as ``other``.

    Args:
      reference: the real samples.
      samples: the samples to score. ``None`` only with ``save_statistics``.
      other: a second set, with equally many samples. It is scored too, and the
        differences of the scores get intervals from random halves of both sets.
      metrics: names of measures. The default is ``frechet`` and ``kernel``; with
        statistics it is ``frechet``.
      extractor, weights, resize: the network that gives features of images, its file
        of weights and its filter, as in the fields of ``evaluation`` in a config.
      n, seed: number and seed of a run's samples. The defaults are in the run's config.
        ``seed`` also draws the halves for ``other``; the default is then 0.
      by_class: whether to score each class of the reference as well.
      options: options of measures, such as ``{"precision_recall.k": 5}``.
      resamples: the number of random halves that are drawn for ``other``.
      save_statistics: a .npz to write the reference's mean and covariance to.
      trust_code: whether to run code that the config of a run names.

    Returns:
      ``{'reference': facts, 'samples': facts, 'scores': {name: value}, 'protocol':
      {field: value}}``. Facts describe a set; the protocol holds the settings that the
      scores depend on. With ``by_class`` there is ``'by_class'``, class -> scores.
      With ``other`` there are ``'other'``, with the same entries for it, and
      ``'differences'``, name -> ``{'difference', 'low', 'high'}`` of ``samples`` minus
      ``other``.

    Raises:
      BadInput: a set cannot be read, or the sets, the extractor and the metrics do not
        fit each other.
    """
    paths = [str(x) for x in (reference, samples, other) if x is not None]
    if samples is None and (other is not None or not save_statistics):
        raise BadInput("samples: expected a set to score against the reference")
    if resamples < 2:
        raise BadInput(f"resamples={resamples}: expected at least 2")
    sets = [_open(path, n, seed, trust_code) for path in paths]
    drawn = any(isinstance(one, ArraySet) and one.drawn for one in sets)
    if n is not None and not drawn:
        raise BadInput(f"n={n}: expected a run, whose samples it counts")
    if seed is not None and not drawn and other is None:
        raise BadInput(f"seed={seed}: expected a run, or two sets to compare")
    measures = _with_options(_measures(metrics, sets), options or {})
    for field, value in {"weights": weights, "resize": resize}.items():
        if value and not extractor:
            raise BadInput(f"{field}='{value}': expected an extractor with it")
    check_pixels(sets, measures, extractor)
    eye = open_extractor(extractor, weights, resize) if extractor else None
    check_fit(sets, eye)
    if other is not None:
        check_pair(*sets[1:])
    labels = labels_of(sets, measures.values(), by_class)
    sides, digests = [], []
    for one, label in zip(sets, labels, strict=True):
        if isinstance(one, Statistics):
            side, digest = None, one.digest
        else:
            side, digest = side_of(one, eye, label, keep=one is sets[0])
        sides.append(side)
        digests.append(digest)
    if save_statistics:
        _save(Path(save_statistics), sets[0], sides[0], eye)
    result: dict[str, Any] = {"reference": facts_of(sets[0], digests[0])}
    task = ComparedSets(sets, sides, digests, eye, measures, by_class)
    if samples is not None:
        result |= task.scored(1)
    if other is not None:
        result["other"] = task.scored(2)
        result |= task.compared(resamples, seed or 0)
    return result


def _open(path: str, n, seed, trust_code) -> Set:
    files = RunFiles(opened(Path(path).expanduser()))
    if not (files.config.is_file() and files.record.is_file()):
        return open_set(path)
    run = Run(files.path, trust_code=trust_code)
    n = run.config.evaluation.samples if n is None else n
    seed = run.config.seed if seed is None else seed
    if not 1 <= n < 2**31 or not 0 <= seed < 2**32:
        raise BadInput(f"n={n}, seed={seed}: expected 1 to 2^31 - 1, 0 to 2^32 - 1")
    # The samples that ``ganjax evaluate`` scores.
    data = run.model.sample(child_key(jax.random.key(seed), "evaluation"), n)
    names = run.source.spec.classes

    def classes():
        label = run.model.labels(n)
        return None if label is None or not names else np.array(names)[label]

    drawn = {
        "parameters": "averaged",
        "precision": PRECISION,
        "statistics": run.sampling.statistics,
        "truncation": run.sampling.truncation,
        "step": run.model.step,
        "seed": seed,
    }
    return ArraySet(path, f"run, step {run.model.step}", data, classes, drawn)


def _measures(metrics, sets) -> dict[str, Measure]:
    statistics = [one for one in sets if isinstance(one, Statistics)]
    names = tuple(metrics) or (("frechet",) if statistics else DEFAULT)
    known = {name: x for name, x in EVALUATORS.items() if isinstance(x, Measure)}
    found = {}
    for name in names:
        if name in EVALUATORS and name not in known:
            raise BadInput(
                f"metrics='{name}': needs a run, not sets of samples (ganjax evaluate "
                f"scores a run); expected one of {', '.join(sorted(known))}"
            )
        if name not in known and not is_path(name):
            raise unknown("metrics", name, known)
        found[name] = EVALUATORS.find("metrics", name)
        if not isinstance(found[name], Measure):
            raise BadInput(f"metrics='{name}': expected a measure of two sets")
        if statistics and name != "frechet":
            raise BadInput(
                f"metrics='{name}': '{statistics[0].path}' holds mean and covariance, "
                f"expected metrics='frechet'"
            )
    if isinstance(sets[0], Statistics) and found:
        return {"frechet": frechet_to(sets[0].mean, sets[0].cov, sets[0].count)}
    return found


def _with_options(
    measures: dict[str, Measure], options: Mapping[str, Any]
) -> dict[str, Measure]:
    """Return the measures with the values of options, by ``MEASURE.OPTION``."""
    declared = {
        f"{name}.{field}": option
        for name, measure in MEASURES.items()
        for field, option in options_of(type(measure.options)).items()
    }
    for path, value in options.items():
        if path not in declared:
            raise unknown("options", path, declared)
        name, _, field = path.partition(".")
        if name not in measures:
            raise BadInput(
                f"{path}={value}: expected {name} among the metrics, found "
                f"{', '.join(measures)}"
            )
        value = declared[path].parsed(path, str(value))
        declared[path].check(path, value)
        measures[name] = measures[name].with_options({field: value})
    return measures


def _save(path: Path, found: Set, side: Side | None, eye) -> None:
    if side is None:
        raise BadInput(
            f"save_statistics={path}: expected a reference set of samples, but "
            f"'{found.path}' already holds statistics"
        )
    if path.suffix != ".npz":
        raise BadInput(f"save_statistics={path}: expected a name that ends in .npz")
    with about("frechet"):
        mean, cov = distances.moments(side.features)
    features = features_of(eye) if pictures(found) else {}
    write_statistics(path, Statistics(found.path, mean, cov, len(side), features))
