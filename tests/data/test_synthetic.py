"""Synthetic distributions have the moments that are published."""

import dataclasses

import jax
import numpy as np
import pytest

from ganjax.data import (
    SOURCES,
    Composed,
    Source,
    Spec,
    examples_of,
    held_out,
    independent,
    open_source,
    samples,
)
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


SYNTHETIC = [
    *MIXTURES, "swiss_roll", "two_clusters_rsgan", "unpaired", "paired",
    *(f"gratings{size}" for size in (8, 32, 64, 128, 256)),
]  # fmt: skip


# The last value of the first training sample, drawn at commit e88c61a: a run is the
# same run as when its held-out samples were its training samples.
FIRST_DRAW = {
    "ring8": 0.69907469,
    "swiss_roll": 0.86040658,
    "unpaired": 0.72260386,
    "gratings8": -0.11455292,
}


@pytest.mark.parametrize(
    "name",
    [
        name if name in FIRST_DRAW else pytest.param(name, marks=pytest.mark.full)
        for name in SYNTHETIC
    ],
)
def test_held_out_samples_are_other_samples_of_the_same_distribution(name):
    """For equal keys no held-out sample is the training sample, and the two are
    uncorrelated. Means and second moments agree within five standard errors."""
    source = open_source(name)
    count = 4000 if len(source.spec.shape) == 1 else 40
    keys = jax.random.split(jax.random.key(0), count)
    train, test = jax.jit(lambda keys: (source.train(keys), source.test(keys)))(keys)
    if name in FIRST_DRAW:
        first = np.asarray(train[source.spec.domains[0]])[0].ravel()
        assert first[-1] == pytest.approx(FIRST_DRAW[name], rel=1e-4)
    assert train.keys() == test.keys()
    for domain in source.spec.domains:
        a, b = (np.asarray(x[domain]).reshape(count, -1) for x in (train, test))
        assert (a != b).any(axis=1).all()
        # Two numbers a sample: a coordinate, and the mean of squares.
        for moment in (lambda x: x[:, -1], lambda x: np.square(x).mean(1)):
            means = [moment(x).mean() for x in (a, b)]
            error = np.hypot(*(moment(x).std() / count**0.5 for x in (a, b)))
            assert abs(means[0] - means[1]) < 5 * error
            correlation = np.corrcoef(moment(a), moment(b))[0, 1]
            assert abs(correlation) < 5 / count**0.5
    if source.spec.classes:
        number = len(source.spec.classes)
        shares = [
            np.bincount(x["label"], minlength=number) / count for x in (train, test)
        ]
        error = (2 / number / count) ** 0.5
        assert np.abs(shares[0] - shares[1]).max() < 5 * error
        same = np.mean(np.asarray(train["label"]) == np.asarray(test["label"]))
        assert abs(same - 1 / number) < 5 * (1 / number / count) ** 0.5


def test_all_synthetic_sources_are_tested():
    drawn = {name for name in SOURCES if "synthetic" in SOURCES[name].__module__}
    assert drawn == set(SYNTHETIC) and len(drawn) == 15


def test_every_consumer_of_a_test_split_sees_the_independent_draws():
    """Scores, pictures, compiled programs and user code draw with equal keys."""
    source = open_source("ring8")
    train, test = (
        held_out(split, 50, seed=0)[0] for split in (source.train, source.test)
    )
    assert (train != test).all()
    keys = jax.random.split(jax.random.key(0), 50)
    for found in (source.test(keys), examples_of(lambda: source.test)(keys)):
        np.testing.assert_allclose(found["data"], test, rtol=1e-6)


def test_a_source_from_outside_cannot_share_its_draws():
    """One sampler as both splits: held-out keys are folded with a constant. Samplers
    that differ, and arrays, are left alone."""

    def draw(keys):
        return {"data": jax.vmap(lambda key: jax.random.normal(key, (2,)))(keys)}

    made = Composed(np.arange(5.0), lambda arrays, keys: draw(keys) | {"of": arrays})
    keys = jax.random.split(jax.random.key(1), 8)
    for sampler in (draw, made):
        source = Source(Spec("mine", (2,)), sampler, sampler)
        assert source.train is sampler
        found, other = (samples(x, keys) for x in (source.train, source.test))
        assert (found["data"] != other["data"]).all()
        again = samples(independent(sampler), keys)
        np.testing.assert_array_equal(other["data"], again["data"])
        # The training split of a source may be replaced; its test split stays.
        kept = dataclasses.replace(source, train=lambda keys: draw(keys))
        assert kept.test is source.test
    np.testing.assert_array_equal(other["of"], np.arange(5.0))
    second = independent(draw)
    assert Source(Spec("mine", (2,)), draw, second).test is second
