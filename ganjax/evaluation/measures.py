"""Measures that compare real samples with other samples.

A measure is ``(real, other) -> iterator of (stem, value)``. ``real`` and ``other`` are
``Side``s: sets of samples with features. ``stem`` is the first part of the name of a
score, such as ``fd``. If ``other`` holds generated samples, the value is the score of a
model. If it holds held-out real samples, the value is the floor of this score.
"""

import dataclasses
import warnings

import numpy as np

from ganjax import metrics
from ganjax.errors import Uncomputable
from ganjax.evaluation.compared import Measure, Scores, measure
from ganjax.evaluation.side import Side
from ganjax.options import option

# Bińkowski et al. 2018 (arXiv 1801.01401) and their code: 100 subsets of 1,000 samples.
SUBSETS, SUBSET_SIZE = 100, 1000
PROJECTIONS = 1000
CLUSTERS = 20
RESAMPLES = 100
# A bootstrap of wider features takes hours: each resample costs O(D³).
WIDEST_BOOTSTRAP = 1024


def _moments_of(side: Side):
    """Return mean and covariance root. They are cached on the side for reuse."""
    if "moments" not in side.__dict__:
        mean, cov = metrics.moments(side.features)
        if not cov.any():
            raise Uncomputable("all real samples have the same features")
        side.__dict__["moments"] = mean, metrics.covariance_root(cov)
    return side.__dict__["moments"]


def warn_of_rank(*counts: int, width: int) -> None:
    """Warn if a set has too few samples for a covariance of full rank.

    Args:
      counts: the number of samples of each set.
      width: the number of features of a sample.
    """
    if min(counts) <= width:
        warnings.warn(
            f"{min(counts)} samples of {width} features give a covariance without full "
            f"rank: the distance is far above the distance of the distributions",
            stacklevel=2,
        )


def distance_of(real: Side, other: Side) -> float:
    """Return the Fréchet distance between the features of two sets of samples."""
    return metrics.frechet_from_root(
        *_moments_of(real), *metrics.moments(other.features)
    )


@measure(
    lower=("fd",),
    neither=("fd_debiased_low", "fd_debiased_high"),
    least=(2, 2),
    widest=WIDEST_BOOTSTRAP,
)
def frechet(real: Side, other: Side) -> Scores:
    """Yield the Fréchet distance of the features (FID with Inception), and a 95 %
    bootstrap interval.

    The distance has a positive bias, because the number of samples is finite. The
    interval is corrected for this bias. So the distance can be above the interval.
    """
    yield from _frechet(*_moments_of(real), [len(real)], other)


def frechet_to(mean: np.ndarray, cov: np.ndarray, count: int | None) -> Measure:
    """Return the measure ``frechet`` for real samples of which only the mean and the
    covariance of the features are known.

    Args:
      mean, cov: of the real features, ``[D]`` and ``[D, D]``.
      count: the number of real samples behind ``mean`` and ``cov``; ``None`` if it is
        unknown.
    """
    root = metrics.covariance_root(cov)
    counts = [] if count is None else [count]

    def of_moments(real: None, other: Side) -> Scores:
        return _frechet(mean, root, counts, other)

    return dataclasses.replace(frechet, function=of_moments, least=(0, 2))


def _frechet(mean, root, counts, other):
    warn_of_rank(*counts, len(other), width=len(mean))
    yield "fd", metrics.frechet_from_root(mean, root, *metrics.moments(other.features))
    low, high = metrics.frechet_interval(
        mean, root, other.features, resamples=RESAMPLES
    )
    yield "fd_debiased_low", low
    yield "fd_debiased_high", high


@measure(lower=("fd_infinity",), least=(2, 15))
def frechet_infinity(real: Side, other: Side) -> Scores:
    """Yield the Fréchet distance, extrapolated to infinitely many generated samples.
    Noise can make it negative if the distributions are close."""
    found = metrics.frechet_at_infinity(*_moments_of(real), other.features)
    if found < 0:
        warnings.warn(
            f"fd_infinity of {len(other)} samples is {found:.3g}, below 0: the "
            f"distance is smaller than the error of its extrapolation",
            stacklevel=2,
        )
    yield "fd_infinity", found


@dataclasses.dataclass(frozen=True)
class KernelOptions:
    """Options of the kernel distance: the random subsets over which it is averaged."""

    subsets: int = option(SUBSETS, "random subsets of the kernel distance", least=1)
    subset_size: int = option(
        0, "samples of a subset", least=0,
        zero=f"{SUBSET_SIZE:,}, or half of the smaller set if that is less",
    )  # fmt: skip

    def least(self) -> tuple[int, int]:
        """Return the fewest real samples and the fewest other samples that are needed.

        Raises:
          Uncomputable: if ``subset_size`` is 1.
        """
        if self.subset_size == 1:
            raise Uncomputable("kernel.subset_size=1: expected 0, or at least 2")
        fewest = max(2, self.subset_size)
        return fewest, fewest

    def size(self, *counts: int) -> int:
        """Return the number of samples in a subset.

        Args:
          counts: the number of samples of each set.
        """
        return self.subset_size or min(SUBSET_SIZE, max(2, min(counts) // 2))


@measure(
    lower=("kd",),
    neither=("kd_std",),
    least=KernelOptions.least,
    options=KernelOptions(),
)
def kernel(real: Side, other: Side, options: KernelOptions) -> Scores:
    """Yield the kernel distance of the features (KID with Inception): the mean over
    random subsets, and the standard deviation over them.

    The standard deviation is left out if a subset is as large as a set.
    """
    size = options.size(len(real), len(other))
    mean, std = metrics.kernel_distance(
        real.features, other.features, subset_size=size, subsets=options.subsets
    )
    yield "kd", mean
    if not np.isnan(std):
        yield "kd_std", std


@dataclasses.dataclass(frozen=True)
class InceptionScoreOptions:
    """Options of the Inception score: the parts into which the samples are divided."""

    splits: int = option(10, "random parts whose scores are averaged", least=1)


@measure(
    higher=("is",),
    neither=("is_std",),
    least=lambda options: (1, options.splits),
    options=InceptionScoreOptions(),
    probabilities=True,
)
def inception_score(real: Side, other: Side, options: InceptionScoreOptions) -> Scores:
    """Yield the Inception score of the extractor's class probabilities: the mean over
    random parts of the samples, and the standard deviation over the parts.

    The real samples are not used.
    """
    mean, std = metrics.inception_score(other.probabilities, splits=options.splits)
    yield "is", mean
    if options.splits > 1:
        yield "is_std", std


@dataclasses.dataclass(frozen=True)
class PrecisionRecallOptions:
    """Options of precision and recall: the size of the balls around samples."""

    k: int = option(3, "neighbour that bounds a ball", least=1)


@measure(
    higher=("precision", "recall"),
    least=lambda options: (options.k + 1, options.k + 1),
    options=PrecisionRecallOptions(),
)
def precision_recall(
    real: Side, other: Side, options: PrecisionRecallOptions
) -> Scores:
    """Yield precision and recall (Kynkäänniemi et al. 2019, arXiv 1904.06991): the
    share of generated samples near real samples, and of real samples near generated
    samples.

    A sample is near a set if it is inside the ball around one of the samples of the
    set. This ball reaches to the k-th nearest neighbour in the same set.
    """
    found = metrics.precision_recall(real.features, other.features, k=options.k)
    yield from found.items()


@dataclasses.dataclass(frozen=True)
class DensityCoverageOptions:
    """Options of density and coverage: the size of the balls around real samples."""

    k: int = option(5, "neighbour that bounds a ball", least=1)


@measure(
    higher=("density", "coverage"),
    least=lambda options: (options.k + 1, 1),
    options=DensityCoverageOptions(),
)
def density_coverage(
    real: Side, other: Side, options: DensityCoverageOptions
) -> Scores:
    """Yield density and coverage (Naeem et al. 2020, arXiv 2002.09797): how many balls
    around real samples contain a generated sample, on average, and the share of balls
    that contain one.

    The ball of a real sample reaches to its k-th nearest real neighbour. Density is
    divided by k.
    """
    found = metrics.density_coverage(real.features, other.features, k=options.k)
    yield from found.items()


@measure(higher=("prd_f_8", "prd_f_1_8"), least=(10, 10))
def curves(real: Side, other: Side) -> Scores:
    """Yield the scores F_8 and F_1/8 of the precision-recall curve of distributions
    (Sajjadi et al. 2018, arXiv 1806.00035). F_8 weighs recall more, F_1/8 precision.

    Only a random part of the larger set is used, as large as the smaller set.
    """
    n = min(len(real), len(other))
    found = metrics.precision_recall_curve(
        _some(real.features, n), _some(other.features, n), clusters=CLUSTERS
    )
    yield "prd_f_8", found["f_8"]
    yield "prd_f_1_8", found["f_1_8"]


def _some(features: np.ndarray, n: int) -> np.ndarray:
    """Return ``n`` random features: the first of a sorted set have few classes."""
    if n == len(features):
        return features
    return features[np.random.default_rng(0).choice(len(features), n, replace=False)]


@measure(lower=("swd",))
def sliced(real: Side, other: Side) -> Scores:
    """Yield the sliced Wasserstein distance of the features: the mean of the distances
    of one-dimensional projections onto random directions."""
    yield (
        "swd",
        metrics.sliced_wasserstein(
            real.features, other.features, projections=PROJECTIONS
        ),
    )


@measure(lower=("intra_fd",), each_class=2)
def intra_frechet(real: Side, other: Side) -> Scores:
    """Yield the mean over classes of the Fréchet distance within a class (Miyato &
    Koyama 2018, arXiv 1802.05637, section 4.1)."""
    classes = [
        [side.features[side.label == label] for side in (real, other)]
        for label in np.unique(real.label)
    ]
    counts = [len(x) for pair in classes for x in pair]
    warn_of_rank(*counts, width=other.features.shape[1])
    found = [
        metrics.frechet_distance(*metrics.moments(x), *metrics.moments(y))
        for x, y in classes
    ]
    yield "intra_fd", float(np.mean(found))


@measure(higher=("diversity",), least=(1, 2))
def diversity(real: Side, other: Side) -> Scores:
    """Yield the mean distance between unit-length features of random pairs of samples.
    It is 0 if all samples are equal. Zhu et al. 2017 (arXiv 1711.11586, section 5.2)
    use LPIPS as the distance."""
    yield "diversity", metrics.diversity(other.features)


MEASURES = {
    one.__name__: one
    for one in (
        frechet, frechet_infinity, kernel, inception_score, precision_recall,
        density_coverage, curves, sliced, diversity, intra_frechet,
    )
}  # fmt: skip
