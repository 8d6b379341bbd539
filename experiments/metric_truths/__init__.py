"""Metrics on known truth: closed forms, bias, and toys of density and coverage.

Each metric is computed on samples for which its value is known: from a closed form, or
from the paper and code of density and coverage (Naeem et al. 2020).
"""

import math

import numpy as np

from ganjax.metrics import (
    density_coverage,
    frechet_distance,
    inception_score,
    kernel_distance,
    mode_coverage,
    moments,
    precision_recall,
    sliced_wasserstein,
    wasserstein_1d,
)

from ..claims import Claim, at_least, at_most, near
from ..figures import panels

BIAS_COUNTS, BIAS_SIZE, BIAS_REPEATS = (250, 500, 1000, 2000, 4000), 16, 20
KERNEL_REPEATS, KERNEL_COUNT = 200, 200
COVERAGE_COUNT, COVERAGE_REPEATS, COVERAGE_K = 1000, 20, 5
# The example in the README of clovaai/generative-evaluation-prdc: the published value,
# from one draw, and the standard deviation over our 8 draws (seeds 100 to 107).
README_SIZE, README_COUNT = 1000, 10_000
README = {
    "precision": (0.4772, 0.0075),
    "recall": (0.4705, 0.0081),
    "density": (1.0555, 0.059),
    "coverage": (0.9735, 0.0057),
}
# Samples that move away from the real ones, with and without an outlier (Naeem et al.
# 2020, arXiv 2002.09797, figures 3 and 4).
SHIFTS, SHIFT_SIZE, SHIFT_COUNT = np.linspace(-1, 1, 9), 64, 2000


def run(scale, seed, out):
    rng = np.random.default_rng(seed)
    return {
        "frechet": _frechet(rng),
        "bias": _bias(rng),
        "kernel": _kernel(rng),
        "wasserstein": _wasserstein(rng),
        "inception": _inception(),
        "modes": _modes(rng),
        "coverage": _coverage(rng),
        "readme": _neighbours(
            rng.standard_normal((README_COUNT, README_SIZE)),
            rng.standard_normal((README_COUNT, README_SIZE)),
        ),
        "shifts": _shifts(rng),
    }


def _frechet(rng):
    """Return relative errors for 2 × 2 and for diagonal covariances.

    The 2 × 2 covariances do not commute. For them Tr (AB)^½ = √(Tr AB + 2√det AB).
    """
    a, b = (x @ x.T for x in rng.standard_normal((2, 2, 2)))
    gap = rng.standard_normal(2)
    root = math.sqrt(np.trace(a @ b) + 2 * math.sqrt(np.linalg.det(a @ b)))
    expected = float(gap @ gap + np.trace(a) + np.trace(b) - 2 * root)
    found = frechet_distance(gap, a, np.zeros(2), b)
    scales = rng.uniform(0.5, 2, (2, 64))
    diagonal = frechet_distance(
        np.zeros(64), np.diag(scales[0] ** 2), np.zeros(64), np.diag(scales[1] ** 2)
    )
    return {
        "rotated": abs(found / expected - 1),
        "diagonal": abs(diagonal / float(((scales[0] - scales[1]) ** 2).sum()) - 1),
    }


def _bias(rng):
    means = {}
    for count in BIAS_COUNTS:
        found = [
            frechet_distance(
                *moments(rng.standard_normal((count, BIAS_SIZE))),
                *moments(rng.standard_normal((count, BIAS_SIZE))),
            )
            for _ in range(BIAS_REPEATS)
        ]
        means[str(count)] = float(np.mean(found))
    return means


def _kernel(rng):
    """Return the mean in standard errors, and the share of negative estimates.

    One subset that holds all points gives the unbiased estimate.
    """
    found = [
        kernel_distance(
            rng.standard_normal((KERNEL_COUNT, 8)),
            rng.standard_normal((KERNEL_COUNT, 8)),
            subset_size=KERNEL_COUNT,
            subsets=1,
        )[0]
        for _ in range(KERNEL_REPEATS)
    ]
    error = np.std(found, ddof=1) / math.sqrt(len(found))
    return {
        "in_errors": float(abs(np.mean(found)) / error),
        "negative": float(np.mean(np.less(found, 0))),
    }


def _wasserstein(rng):
    """Return distances between a sample and the shifted sample.

    A shift by v moves the projection on a direction u by |v·u|. For a unit vector v in
    the plane, the mean over directions is 2/π.
    """
    x = rng.standard_normal((4000, 2))
    return {
        "line": wasserstein_1d(x[:, 0], x[:, 0] + 1.5),
        "sliced": sliced_wasserstein(x, x + [3.0, 4.0], projections=4000, seed=1),
    }


def _inception():
    each = np.eye(10)[np.arange(1000) % 10]
    return {
        "all_classes": inception_score(each, splits=1)[0],
        "one_class": inception_score(each[:1].repeat(1000, 0), splits=1)[0],
    }


def _modes(rng):
    centres = 2.0 * np.stack(np.meshgrid(*2 * [np.arange(5)]), -1).reshape(-1, 2)
    found = [
        mode_coverage(
            centres[rng.integers(25, size=2500)]
            + 0.05 * rng.standard_normal((2500, 2)),
            centres,
            0.05,
        )
        for _ in range(40)
    ]
    return {
        name: float(np.mean([row[name] for row in found]))
        for name in ("modes", "high_quality", "reverse_kl")
    }


def _coverage(rng):
    found = [
        density_coverage(
            rng.standard_normal((COVERAGE_COUNT, 16)),
            rng.standard_normal((COVERAGE_COUNT, 16)),
            k=COVERAGE_K,
        )["coverage"]
        for _ in range(COVERAGE_REPEATS)
    ]
    return float(np.mean(found))


def expected_coverage(real: int, fake: int, k: int) -> float:
    """Return the expected coverage of two samples from the same distribution.

    It is 1 − ∏_{j<k} (N − 1 − j) / (N + M − 1 − j) (Naeem et al. 2020, arXiv
    2002.09797, lemma 2).

    Args:
      real, fake: numbers N and M of samples.
      k: the number of neighbours.
    """
    j = np.arange(k)
    return float(1 - np.prod((real - 1 - j) / (real + fake - 1 - j)))


def _neighbours(real, fake):
    return precision_recall(real, fake, k=5) | density_coverage(real, fake, k=5)


def _shifts(rng):
    """Return scores of generated samples with mean (μ, …, μ), for each μ in ``SHIFTS``.

    The real samples have mean 0. A second set of real samples has one outlier at
    (1, …, 1).
    """
    real = rng.standard_normal((SHIFT_COUNT, SHIFT_SIZE))
    noise = rng.standard_normal((SHIFT_COUNT, SHIFT_SIZE))
    spoilt = real.copy()
    spoilt[0] = 1.0
    return {
        name: [_neighbours(points, noise + shift) for shift in SHIFTS]
        for name, points in (("clean", real), ("outlier", spoilt))
    }


def _at_outlier(name):
    def gained(results):
        clean, spoilt = results["shifts"]["clean"], results["shifts"]["outlier"]
        return spoilt[-1][name] - clean[-1][name]

    return gained


CLAIMS = (
    Claim(
        "Fréchet distance of Gaussians whose covariances do not commute, relative "
        "error against the closed form",
        lambda r: r["frechet"]["rotated"],
        at_most(1e-9),
    ),
    Claim(
        "Fréchet distance of diagonal Gaussians, relative error against Σ(σ₁ − σ₂)²",
        lambda r: r["frechet"]["diagonal"],
        at_most(1e-9),
    ),
    *(
        Claim(
            f"bias of the Fréchet distance of N(0, I₁₆) from itself, {count} samples "
            f"each",
            lambda r, count=count: r["bias"][str(count)],
            near(value, relative=0.1),
            published=value,
        )
        for count, value in ((250, 0.67), (1000, 0.172), (4000, 0.0428))
    ),
    Claim(
        "that bias falls as 1/N: slope of log(bias) over log(N)",
        lambda r: float(
            np.polyfit(
                np.log(BIAS_COUNTS), np.log([r["bias"][str(n)] for n in BIAS_COUNTS]), 1
            )[0]
        ),
        near(-1.0, absolute=0.05),
        published=-1,
    ),
    Claim(
        "unbiased kernel distance of equal distributions: mean in standard errors",
        lambda r: r["kernel"]["in_errors"],
        at_most(3),
        published="0",
    ),
    Claim(
        "share of its estimates that are negative",
        lambda r: r["kernel"]["negative"],
        at_least(0.1),
    ),
    Claim(
        "W₁ of a sample and itself moved by 1.5",
        lambda r: r["wasserstein"]["line"],
        near(1.5, relative=1e-9),
    ),
    Claim(
        "sliced W₁ of a sample in the plane and itself moved by 5",
        lambda r: r["wasserstein"]["sliced"],
        near(5 * 2 / math.pi, relative=0.02),
    ),
    Claim(
        "inception score of ten certain classes in equal shares",
        lambda r: r["inception"]["all_classes"],
        near(10, relative=1e-6),
    ),
    Claim(
        "inception score of one class",
        lambda r: r["inception"]["one_class"],
        near(1, relative=1e-6),
    ),
    Claim(
        "share of true samples within 3σ of a mode, 1 − exp(−9/2)",
        lambda r: r["modes"]["high_quality"],
        near(1 - math.exp(-4.5), absolute=0.001),
    ),
    Claim(
        "reverse KL of 2,500 true samples over 25 modes, about (K − 1)/2N",
        lambda r: r["modes"]["reverse_kl"],
        near(24 / 5000, relative=0.2),
    ),
    Claim(
        f"coverage of equal distributions, {COVERAGE_COUNT} samples each, k = 5",
        lambda r: r["coverage"],
        near(
            expected_coverage(COVERAGE_COUNT, COVERAGE_COUNT, COVERAGE_K),
            absolute=0.005,
        ),
        published=expected_coverage(COVERAGE_COUNT, COVERAGE_COUNT, COVERAGE_K),
    ),
    *(
        Claim(
            f"{name} of N(0, I₁₀₀₀) against itself, 10,000 samples each, k = 5",
            lambda r, name=name: r["readme"][name],
            # Three standard deviations of the difference of two draws.
            near(value, absolute=round(3 * math.sqrt(2) * std, 3)),
            published=value,
        )
        for name, (value, std) in README.items()
    ),
    Claim(
        "one real outlier raises the precision of samples about it by",
        _at_outlier("precision"),
        at_least(0.3),
        published="rises",
    ),
    Claim(
        "the outlier raises their density by, in parts of what it raises precision by",
        lambda r: _at_outlier("density")(r) / _at_outlier("precision")(r),
        at_most(0.5),
        published="hardly rises",
    ),
)


def figure(results):
    drawn, axes = panels(1, 3, width=2.6, height=2.3)
    bias, toy, spoilt = axes[0]
    counts = np.array(BIAS_COUNTS)
    bias.loglog(
        counts, [results["bias"][str(n)] for n in counts], "o", label="measured"
    )
    d = BIAS_SIZE
    bias.loglog(counts, (2 * d + d * (d + 1) / 2) / counts, label="(2d + d(d+1)/2)/N")
    bias.set(xlabel="samples of each, N", ylabel="Fréchet distance", title="bias")
    bias.set_xticks(counts, [f"{n:,}" for n in counts])
    bias.set_xticks([], minor=True)
    bias.legend()
    for axis, name, title in (
        (toy, "clean", "samples moved by μ"),
        (spoilt, "outlier", "with a real outlier at μ = 1"),
    ):
        for metric in README:
            values = [row[metric] for row in results["shifts"][name]]
            axis.plot(SHIFTS, values, label=metric)
        axis.set(xlabel="μ", ylim=(0, 1.3), title=title)
    spoilt.legend(loc="upper left", ncols=2)
    return drawn
