"""Measures that compare real samples with other samples.

A measure is ``(real, other) -> iterator of (stem, value)`` over two ``Side``s. The same
code scores a model and its floor, the score of held-out samples."""

import warnings

import numpy as np

from ganjax import metrics
from ganjax.errors import Uncomputable
from ganjax.evaluation.compared import Scores, measure
from ganjax.evaluation.evaluation_data import Side

SUBSETS = 100
SUBSET_SIZE = 1000
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
    """Warn if a number of samples is too small for a covariance of full rank."""
    if min(counts) <= width:
        warnings.warn(
            f"{min(counts)} samples of {width} features give a covariance without full "
            f"rank: the distance is far above the distance of the distributions",
            stacklevel=2,
        )


def distance_of(real: Side, other: Side) -> float:
    """Return the Fréchet distance of the features, without an interval."""
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
    """Yield the Fréchet distance (Inception: FID) and a 95 % bootstrap interval of the
    distance of the distributions. The interval has no bias from the number of samples,
    so the distance can be above it."""
    warn_of_rank(len(real), len(other), width=other.features.shape[1])
    yield "fd", distance_of(real, other)
    low, high = metrics.frechet_interval(
        *_moments_of(real), other.features, resamples=RESAMPLES
    )
    yield "fd_debiased_low", low
    yield "fd_debiased_high", high


@measure(lower=("fd_infinity",), least=(2, 15))
def frechet_infinity(real: Side, other: Side) -> Scores:
    """Yield the Fréchet distance extrapolated to infinitely many samples. Noise can
    make it negative if the distributions are close."""
    found = metrics.frechet_at_infinity(*_moments_of(real), other.features)
    if found < 0:
        warnings.warn(
            f"fd_infinity of {len(other)} samples is {found:.3g}, below 0: the "
            f"distance is smaller than the error of its extrapolation",
            stacklevel=2,
        )
    yield "fd_infinity", found


@measure(lower=("kd",), neither=("kd_std",), least=(2, 2))
def kernel(real: Side, other: Side) -> Scores:
    """Yield the kernel distance (Inception: KID), and its spread over subsets if both
    sets have more samples than a subset."""
    size = min(SUBSET_SIZE, len(real), len(other))
    mean, std = metrics.kernel_distance(
        real.features, other.features, subset_size=size, subsets=SUBSETS
    )
    yield "kd", mean
    if not np.isnan(std):
        yield "kd_std", std


@measure(higher=("is",), neither=("is_std",), least=(1, 10), probabilities=True)
def inception_score(real: Side, other: Side) -> Scores:
    """Yield the Inception score of the classes, and its spread over ten random
    parts."""
    mean, std = metrics.inception_score(other.probabilities)
    yield "is", mean
    yield "is_std", std


@measure(higher=("precision", "recall"), least=(4, 4))
def precision_recall(real: Side, other: Side) -> Scores:
    """Yield improved precision and recall, k = 3."""
    yield from metrics.precision_recall(real.features, other.features).items()


@measure(higher=("density", "coverage"), least=(6, 1))
def density_coverage(real: Side, other: Side) -> Scores:
    """Yield density and coverage, k = 5."""
    yield from metrics.density_coverage(real.features, other.features).items()


@measure(higher=("prd_f_8", "prd_f_1_8"), least=(10, 10))
def curves(real: Side, other: Side) -> Scores:
    """Yield F-scores of the precision-recall curve of distributions. Of the larger set,
    as many samples as the smaller set has are drawn."""
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
    """Yield the sliced Wasserstein distance."""
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
