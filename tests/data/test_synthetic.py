"""Synthetic distributions have the moments that are published."""

import jax
import numpy as np
import pytest

from ganjax.data import SOURCES, open_source
from ganjax.data.synthetic import a_to_b, ring
from ganjax.errors import BadInput

MIXTURES = {  # name: (modes, largest coordinate, std)
    "ring8": (8, 1.0, 0.02),
    "ring8_pacgan": (8, 1.0, 0.01),
    "ring8_wgan_gp": (8, 1.41443, 0.014144),
    "ring5_rsgan": (5, 1.0, 0.044721),
    "grid25": (25, 4.0, 0.05),
    "grid25_wgan_gp": (25, 1.41443, 0.017680),
}


def draw(name, count=20_000):
    keys = jax.random.split(jax.random.key(0), count)
    return {k: np.asarray(v) for k, v in jax.jit(open_source(name).train)(keys).items()}


@pytest.mark.parametrize("name", MIXTURES)
def test_mixtures(name):
    count, reach, std = MIXTURES[name]
    spec, sample = open_source(name).spec, draw(name)
    assert len(np.unique(spec.modes.round(6), axis=0)) == count
    assert spec.modes.max() == pytest.approx(reach, rel=1e-4)
    assert spec.std == pytest.approx(std, rel=1e-4)
    # Labels are component indices, components are equally likely, the std is as given.
    residual = sample["data"] - spec.modes[sample["label"]]
    assert residual.std() == pytest.approx(std, rel=0.02)
    share = np.bincount(sample["label"], minlength=count) / len(residual)
    np.testing.assert_allclose(share, 1 / count, atol=5 * (1 / count / 20_000) ** 0.5)
    # A 2-D Gaussian has 1 - exp(-9/2) = 98.889 % within 3 standard deviations.
    within = (np.linalg.norm(residual, axis=1) < 3 * spec.std).mean()
    assert within == pytest.approx(0.98889, abs=0.004)


def test_swiss_roll_has_the_moments_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    theirs, _ = datasets.make_swiss_roll(20_000, noise=0.25, random_state=0)
    theirs, ours = theirs[:, [0, 2]] / 7.5, draw("swiss_roll")["data"]
    np.testing.assert_allclose(ours.mean(0), theirs.mean(0), atol=0.03)
    np.testing.assert_allclose(np.cov(ours.T), np.cov(theirs.T), atol=0.03)
    for quantile in (0.05, 0.5, 0.95):
        np.testing.assert_allclose(
            np.quantile(ours, quantile, axis=0),
            np.quantile(theirs, quantile, axis=0),
            atol=0.06,
        )


def test_two_clusters():
    sample = draw("two_clusters_rsgan", 2000)
    inside = sample["data"][:, 0] - 4 * sample["label"]
    assert inside.min() >= 0 and inside.max() <= 0.3 + 1e-6
    assert sample["label"].mean() == pytest.approx(0.5, abs=0.05)


def test_unpaired_domains_are_independent_and_related_by_the_map():
    source, sample = open_source("unpaired"), draw("unpaired")
    # A rotation by 22.5 degrees and a scale of 1.5 map (1, 0) to 1.5 (cos, sin).
    np.testing.assert_allclose(
        a_to_b(np.array([[1.0, 0.0]])), [[1.385819, 0.574025]], atol=1e-6
    )
    radius = np.linalg.norm(sample["b"], axis=1)
    assert radius.mean() == pytest.approx(1.5, abs=0.01)
    gap = np.linalg.norm(sample["b"][:, None] - a_to_b(ring(8)), axis=-1)
    assert gap.min(axis=1).max() < 6 * 1.5 * 0.02
    gap = np.linalg.norm(sample["b"][:, None] - source.spec.modes, axis=-1)
    assert gap.min(axis=1).max() < 6 * source.spec.std
    correlation = np.corrcoef(sample["a"].T, sample["b"].T)[:2, 2:]
    assert np.abs(correlation).max() < 4 / 20_000**0.5


def test_digits_split():
    pytest.importorskip("sklearn")
    source, again = open_source("digits"), open_source("digits")
    assert source.train.data.shape == (1297, 8, 8, 1)
    assert np.array_equal(np.bincount(source.test.label), [50] * 10)
    assert source.train.data.dtype == np.uint8 and source.train.data.max() == 255
    assert np.array_equal(source.test.data, again.test.data)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(BadInput, match="data.name='ring9'.*did you mean 'ring8'"):
        open_source("ring9")
    assert "mnist" in SOURCES
