import importlib

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from ganjax.metrics import knn_classify, nearest
from ganjax.metrics.nearest import kth_squared


def normal(seed, *shape, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize(
    ("width", "dtype"), [(1, np.float64), (3, np.float32), (200, np.float32)]
)
def test_agrees_with_scikit_learn(width, dtype):
    # More queries than a tile has rows. With the common offset of 50, expanding the
    # squared distance would lose precision.
    points = normal(0, 300, width, dtype=dtype) + dtype(50)
    queries = normal(1, 1100, width, dtype=dtype) + dtype(50)
    kd_tree = NearestNeighbors(algorithm="kd_tree").fit(points.astype(np.float64))
    expected_distances, expected = kd_tree.kneighbors(queries.astype(np.float64), 7)
    distances, indices = nearest(queries, points, 7)
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_allclose(distances, expected_distances, rtol=1e-9)


@pytest.mark.parametrize("width", [2, 100])
def test_a_point_is_at_distance_zero_from_itself(width):
    points = normal(0, 700, width, dtype=np.float32) * 1000 + np.float32(1e4)
    distances, indices = nearest(points, points, 1)
    assert (distances == 0).all()
    np.testing.assert_array_equal(indices[:, 0], np.arange(700))


def test_equal_distances_come_in_order_of_index():
    points = np.array([[1.0], [-1.0], [1.0], [0.5], [-1.0]])
    distances, indices = nearest([[0.0]], points, 4)
    np.testing.assert_array_equal(indices, [[3, 0, 1, 2]])
    np.testing.assert_array_equal(distances, [[0.5, 1, 1, 1]])


def test_classification_agrees_with_scikit_learn_where_no_vote_is_tied():
    # With two classes and an odd k no vote is tied, so both must agree.
    points, queries = normal(0, 200, 4), normal(1, 80, 4)
    labels = (points[:, 0] > 0).astype(int)
    for k in (1, 3, 5):
        expected = KNeighborsClassifier(k).fit(points, labels).predict(queries)
        np.testing.assert_array_equal(
            knn_classify(points, labels, queries, k=k), expected
        )


def test_a_tied_vote_goes_to_the_nearest_point():
    points = [[1.0], [2.0], [3.0], [4.0]]
    labels = np.array(["far", "near", "near", "far"])
    assert knn_classify(points, labels, [[2.1]], k=4).tolist() == ["near"]
    assert knn_classify(points, labels, [[0.9]], k=4).tolist() == ["far"]
    assert knn_classify(points, labels, [[0.9]], k=3).tolist() == ["near"]


@pytest.mark.parametrize(
    ("queries", "points", "k", "says"),
    [
        (np.zeros((2, 3)), np.zeros((4, 2)), 1, "queries has 3 columns: expected 2"),
        (np.zeros(3), np.zeros((4, 3)), 1, "queries has shape"),
        (np.zeros((2, 3)), np.zeros((0, 3)), 1, "points has shape"),
        (np.zeros((2, 3)), np.zeros((4, 3)), 5, "k=5: expected 1 <= k <= 4"),
        (np.zeros((2, 3)), np.zeros((4, 3)), 0, "k=0"),
        (np.full((2, 3), np.inf), np.zeros((4, 3)), 1, "queries holds values"),
    ],
)
def test_what_is_refused(queries, points, k, says):
    with pytest.raises(ValueError, match=says):
        nearest(queries, points, k)


def test_labels_must_fit_the_points():
    with pytest.raises(ValueError, match="labels has shape"):
        knn_classify(np.zeros((4, 2)), np.zeros(3), np.zeros((1, 2)), k=1)


@pytest.mark.parametrize(
    ("shape", "dtype"), [((1100, 2), np.float64), ((600, 70), np.float32)]
)
def test_a_sets_own_radii_are_those_of_its_nearest(shape, dtype):
    """``kth_squared`` works in blocks. Compare it with all pairs, also for repeated
    points."""
    rng = np.random.default_rng(0)
    points = rng.standard_normal(shape).astype(dtype)
    points[500:504] = points[0]
    wide = points.astype(np.float64)
    squared = np.stack([np.square(wide - x).sum(axis=1) for x in wide])
    for k in (1, 3, 6):
        expected = np.sort(squared, axis=1)[:, k - 1]
        np.testing.assert_array_equal(kth_squared(points, k), expected)


@pytest.mark.parametrize(
    "crowd",
    ["equal", "noisy", "two crowds", "simplex", "signed zeros"],
)
@pytest.mark.parametrize(
    "dtype", [pytest.param(np.float32, marks=pytest.mark.full), np.float64]
)
def test_crowds_have_exact_radii(crowd, dtype):
    """Samples of a collapsed generator, more than a tile has rows. Compare all pairs,
    from differences in float64."""
    rng = np.random.default_rng(0)
    points = rng.standard_normal((700, 70)).astype(dtype)
    noise = 1e-6 * rng.standard_normal((700, 70)).astype(dtype)
    chosen = rng.permutation(700)[:500]
    if crowd == "simplex":
        points = np.eye(700, dtype=dtype)
    elif crowd == "signed zeros":
        points[chosen] = np.where(noise[chosen] > 0, 0.0, -0.0)
    else:
        centres = points[chosen[: 1 + (crowd == "two crowds")]]
        points[chosen] = centres[np.arange(500) % len(centres)]
        points[chosen] += 0 if crowd == "equal" else noise[chosen]
    wide = points.astype(np.float64)
    squared = np.stack([np.square(wide - x).sum(axis=1) for x in wide])
    for k in (1, 4):
        expected = np.sort(squared, axis=1)[:, k - 1]
        np.testing.assert_array_equal(kth_squared(points, k), expected)
        order = np.argsort(squared[:30], axis=1, kind="stable")[:, :k]
        distances, indices = nearest(points[:30], points, k)
        np.testing.assert_array_equal(indices, order)
        np.testing.assert_array_equal(distances[:, k - 1] ** 2 > 0, expected[:30] > 0)


def test_memory_does_not_grow_with_the_pairs_of_a_crowd(monkeypatch):
    """Candidates are settled when there are many, and the results stay the same."""
    points = np.random.default_rng(0).standard_normal((600, 3))
    points[:300] = np.eye(3)[np.arange(300) % 3]
    points[:300, 0] += 1e-15 * np.arange(300)
    expected = kth_squared(points, 4)
    nearest_module = importlib.import_module("ganjax.metrics.nearest")
    held = []

    def settle(self, by=nearest_module._Closest.settle):
        held.append(self._count)
        by(self)

    monkeypatch.setattr(nearest_module, "PAIRS_AT_ONCE", 5000)
    monkeypatch.setattr(nearest_module._Closest, "settle", settle)
    np.testing.assert_array_equal(kth_squared(points, 4), expected)
    # One addition beyond the limit is at most the pairs of a tile.
    assert max(held) <= 5000 + 512 * 600
