from fractions import Fraction

import numpy as np
import pytest

from ganjax.metrics import density_coverage, precision_recall


def normal(rng, count, width, dtype=np.float64):
    return rng.standard_normal((count, width)).astype(dtype)


def by_exact_integers(real, fake, k):
    """Return all four scores, computed pair by pair in exact Python integers. The edge
    of a ball is inside for precision and recall, and outside for density and coverage.
    """

    def squared(a, b):
        return sum((int(x) - int(y)) ** 2 for x, y in zip(a, b, strict=True))

    def radius(points, i):
        others = (squared(points[i], p) for j, p in enumerate(points) if j != i)
        return sorted(others)[k - 1]

    real_radii = [radius(real, i) for i in range(len(real))]
    fake_radii = [radius(fake, j) for j in range(len(fake))]
    inside = [
        [squared(r, f) < radius_of_r for f in fake]
        for r, radius_of_r in zip(real, real_radii, strict=True)
    ]
    precise = [
        any(
            squared(r, f) <= radius_of_r
            for r, radius_of_r in zip(real, real_radii, strict=True)
        )
        for f in fake
    ]
    recalled = [
        any(
            squared(r, f) <= radius_of_f
            for f, radius_of_f in zip(fake, fake_radii, strict=True)
        )
        for r in real
    ]
    held = sum(sum(row) for row in inside)
    return {
        "precision": float(Fraction(sum(precise), len(fake))),
        "recall": float(Fraction(sum(recalled), len(real))),
        "density": float(Fraction(held, k * len(fake))),
        "coverage": float(Fraction(sum(map(any, inside)), len(real))),
    }


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("offset", [0, 1000])
@pytest.mark.parametrize(("width", "span"), [(2, 6), (3, 4), (80, 2)])
def test_ties_on_a_grid_are_judged_exactly(k, offset, width, span):
    # On a grid many distances equal the radius, and many samples are duplicates.
    rng = np.random.default_rng(width)
    real = rng.integers(span, size=(40, width)) + offset
    fake = rng.integers(span, size=(33, width)) + offset
    fake[:5] = real[:5]
    expected = by_exact_integers(real, fake, k)
    for dtype in (np.float32, np.float64):
        both = real.astype(dtype), fake.astype(dtype)
        measured = precision_recall(*both, k=k) | density_coverage(*both, k=k)
        assert measured == expected


def test_on_a_line_by_hand():
    # Real 0, 1, 3, 7 with k=1 have the radii 1, 1, 2, 4. For density and coverage, the
    # edge of a ball is outside.
    # Fake 1 is in the ball of real 1 only: it is on the edges of real 0 and real 3.
    # Fake 4 is in the balls of 3 and 7, fake 20 in none. The fake radii are 3, 3, 16.
    real = np.array([[0.0], [1.0], [3.0], [7.0]])
    fake = np.array([[1.0], [4.0], [20.0]])
    assert density_coverage(real, fake, k=1) == {"density": 1.0, "coverage": 0.75}
    # Real 0, 1, 3 are in the ball of fake 1. Real 7 is on the edge of fake 4, but in
    # the ball of fake 20: distance 13.
    assert precision_recall(real, fake, k=1) == {"precision": 2 / 3, "recall": 1.0}


def test_the_edge_is_inside_for_precision_and_outside_for_density():
    """The paper (equation 1) and both NVIDIA implementations use ≤, and prdc uses <."""
    real, edge = np.array([[0.0], [1.0]]), np.array([[2.0], [-1.0]])
    assert density_coverage(real, edge, k=1) == {"density": 0.0, "coverage": 0.0}
    assert precision_recall(real, edge, k=1) == {"precision": 1.0, "recall": 1.0}


def test_a_set_with_duplicates_against_itself():
    """All balls have radius 0 and hold their centre, as in the authors' code. By prdc,
    which leaves out the edge, they are empty."""
    points = np.repeat(normal(np.random.default_rng(0), 50, 3), 6, axis=0)
    assert precision_recall(points, points) == {"precision": 1.0, "recall": 1.0}
    assert density_coverage(points, points) == {"density": 0.0, "coverage": 0.0}


def test_collapse_and_equality():
    rng = np.random.default_rng(0)
    real = normal(rng, 300, 8)
    assert precision_recall(real, real) == {"precision": 1.0, "recall": 1.0}
    collapsed = np.zeros((300, 8))
    assert precision_recall(real, collapsed) == {"precision": 1.0, "recall": 0.0}
    assert density_coverage(real, real)["coverage"] == 1.0
    far = density_coverage(real, real + 100)
    assert far == {"density": 0.0, "coverage": 0.0}


def test_expectations_for_equal_distributions():
    # For every distribution, by exchangeability: density 1, and coverage
    # 1 - prod_{j<k} (N-1-j)/(N+M-1-j), here with N=60, M=40, k=2.
    rng = np.random.default_rng(1)
    draws = [
        density_coverage(normal(rng, 60, 3), normal(rng, 40, 3), k=2)
        for _ in range(400)
    ]
    missed = Fraction(59, 99) * Fraction(58, 98)
    for name, expected in (("density", 1.0), ("coverage", float(1 - missed))):
        values = np.array([draw[name] for draw in draws])
        error = values.std() / np.sqrt(len(values))
        assert abs(values.mean() - expected) < 4 * error
        assert error < 0.01


def test_more_rows_than_a_tile_and_moved_features():
    rng = np.random.default_rng(2)
    real, fake = normal(rng, 1300, 3), normal(rng, 700, 3) * 1.2
    both = precision_recall(real, fake) | density_coverage(real, fake)
    order = rng.permutation(700)
    moved = 4 * real - 32, 4 * fake[order] - 32
    assert precision_recall(*moved) | density_coverage(*moved) == pytest.approx(both)


@pytest.mark.full
def test_published_numbers_in_a_thousand_dimensions():
    # The README of prdc: N(0, I_1000), 10,000 samples per side, k=5: precision 0.4772,
    # recall 0.4705, density 1.0555, coverage 0.9735. A fake sample near the origin is
    # in very many balls, so the scores of two draws differ by several hundredths.
    rng = np.random.default_rng(0)
    real = normal(rng, 10_000, 1000, np.float32)
    fake = normal(rng, 10_000, 1000, np.float32)
    measured = precision_recall(real, fake, k=5) | density_coverage(real, fake, k=5)
    assert measured["precision"] == pytest.approx(0.4772, abs=0.05)
    assert measured["recall"] == pytest.approx(0.4705, abs=0.05)
    assert measured["density"] == pytest.approx(1.0, abs=0.2)
    # Expected: 0.96874. Other draws: coverage 0.962 to 0.974, density 0.96 to 1.07.
    expected = 1 - np.prod([(9999 - j) / (19999 - j) for j in range(5)])
    assert measured["coverage"] == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("score", [precision_recall, density_coverage])
@pytest.mark.parametrize(
    ("real", "fake", "k", "says"),
    [
        (np.zeros((9, 2)), np.zeros((9, 3)), 3, "fake has 3 columns: expected 2"),
        (np.zeros((9, 2, 1)), np.zeros((9, 2)), 3, "real has shape"),
        (np.zeros((3, 2)), np.zeros((9, 2)), 3, "k=3: expected 1 <= k < 3, the real"),
        (np.zeros((9, 2)), np.full((9, 2), np.nan), 3, "fake holds values"),
    ],
)
def test_what_is_refused(score, real, fake, k, says):
    with pytest.raises(ValueError, match=says):
        score(real, fake, k=k)
