"""Find anomalous images with a run that was trained on normal images."""

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

import ganjax
from ganjax.applying import check_applies
from ganjax.data import scaled
from ganjax.data.named_images import NamedImages
from ganjax.data.preparing import Options
from ganjax.data.preparing.fitting import fit
from ganjax.errors import BadInput, Uncomputable
from ganjax.evaluation import EvaluationData
from ganjax.loading import Run
from ganjax.metrics import conformal_threshold
from ganjax.metrics.conformal import Threshold
from ganjax.model import PRECISION

QUANTILE = 0.95
# Images in memory at a time.
PART = 1000


@dataclasses.dataclass(frozen=True)
class Findings:
    """The scores of images, and the threshold above which an image is an anomaly.

    Attributes:
      names: of the images, in the order of the scores.
      scores: float64 ``[n]``; larger for images that are less like normal images.
      threshold: a quantile of the scores of held-out normal images.
      coloured: number of coloured images that were read as grey, because the run's
        images are grey.
      facts: the results in numbers, and the settings that they depend on, for JSON.
    """

    names: list[str]
    scores: np.ndarray
    threshold: Threshold
    coloured: int
    facts: dict[str, Any]

    @property
    def anomalous(self) -> np.ndarray:
        """Return whether each image is an anomaly, ``[n]``."""
        return self.scores > self.threshold.value


def find_anomalies(
    run: Run,
    path: str,
    quantile: float = QUANTILE,
    *,
    crop: str = "center",
    filter: str = "lanczos",
) -> Findings:
    """Return the anomaly score of each image at a path, and the threshold of anomalies.

    The run's game defines the score, in its function ``anomaly`` (games such as
    ``f_anogan`` have one). The threshold is a quantile of the scores of held-out
    samples of the run's data: the samples that ``ganjax evaluate`` uses. If the run was
    trained only on some classes, only held-out samples of these classes are used. The
    images at ``path`` do not influence the threshold.

    Args:
      run: a run of images whose game defines the score.
      path: an image file, a folder or an archive. Images are fitted to the size of the
        run's images as ``ganjax prepare`` fits them.
      quantile: the share of normal images that are not to be called anomalies.
      crop, filter: as in ``ganjax prepare``.

    Raises:
      BadInput: the run's game does not define the score, the run's data are not images,
        ``quantile`` is not between 0 and 1, an image cannot be read, there are too few
        held-out samples for the quantile, or a score is not finite.
    """
    check_applies(run, "anomaly", "f_anogan")
    if not 0 < quantile < 1:
        raise BadInput(f"quantile={quantile:g}: expected a number between 0 and 1")
    options = Options(run.source.spec.shape[:2], crop, filter)
    images, channels = NamedImages(path), run.source.spec.shape[-1]
    # Every image is read before the first score, so a damaged image costs no time.
    coloured = sum(count for _, count in _parts(images, channels, options))
    normal = _held_out_normals(run)
    try:
        threshold = conformal_threshold(_scores(run, normal), quantile)
    except Uncomputable as error:
        raise BadInput(f"workdir={run.path}: {error}") from error
    parts = _parts(images, channels, options)
    scores = np.concatenate([_scores(run, part) for part, _ in parts])
    if not np.isfinite(scores).all():
        raise BadInput(f"workdir={run.path}: the scores of the images are not finite")
    facts = {
        "threshold": threshold.value,
        "quantile": quantile,
        "normals": len(normal),
        "false_positive_rate": threshold.rate,
        "false_positive_rate_interval": [threshold.low, threshold.high],
        "images": len(scores),
        "anomalies": int((scores > threshold.value).sum()),
        "protocol": {
            "game": run.config.game,
            "data": run.source.spec.name,
            "normal_classes": _classes(run),
            "size": list(options.size),
            "crop": crop,
            "filter": filter,
            "parameters": "averaged",
            "precision": PRECISION,
            "statistics": run.sampling.statistics,
            "step": run.model.step,
            "seed": run.config.seed,
            "ganjax": ganjax.__version__,
        },
    }
    return Findings(images.names, scores, threshold, coloured, facts)


def _parts(images, channels, options) -> Iterator[tuple[np.ndarray, int]]:
    """Yield images in parts, uint8 ``[n, H, W, channels]``, and the number of coloured
    ones among them, if they are read as grey."""

    def read(name):
        coloured = False
        if channels == 1 and not images.header(name).grey:
            colours = images.pixels(name, 3)
            coloured = bool((colours != colours[..., :1]).any())
        return fit(images.pixels(name, channels), options), coloured

    with ThreadPoolExecutor(8) as pool:
        for first in range(0, len(images.names), PART):
            found = list(pool.map(read, images.names[first : first + PART]))
            part = np.stack([image for image, _ in found])
            yield part, sum(coloured for _, coloured in found)


def _classes(run):
    spec = run.source.spec
    return [spec.classes[label] for label in spec.normal]


def _held_out_normals(run):
    """Return the held-out normal samples ``[n, H, W, C]`` that an evaluation uses."""
    config = run.config
    data = EvaluationData(
        run.sampler, run.source, run.sampling, samples=1, seed=config.seed,
        real=config.evaluation.real,
    )  # fmt: skip
    try:
        test = data.test
    except Uncomputable as error:
        raise BadInput(f"workdir={run.path}: {error}") from error
    normal = run.source.spec.normal
    return test.data[np.isin(test.label, normal)] if normal else test.data


def _scores(run, images):
    x = np.asarray(scaled(images))
    return run.model.ask("anomaly", x).astype(np.float64) if len(x) else np.empty(0)
