"""Feature likelihood divergence against its authors' code and by outcomes."""

import numpy as np
import pytest

from ganjax.errors import Uncomputable
from ganjax.metrics import likelihood_divergence
from ganjax.metrics.likelihood import mixture_loss


def sets(seed, width, count=80):
    rng = np.random.default_rng(seed)
    train = rng.normal(size=(count, width))
    held_out = rng.normal(size=(count // 2, width))
    return train, held_out, 1.2 * rng.normal(size=(count, width)) + 0.3


# ``MoG`` and ``preprocess_feat`` of github.com/marcojira/fld (ffbbf20), at float64 with
# torch 2.13.0: held-out and training samples under the fitted fakes, and held-out
# samples under the first half of the training samples, fitted to the second half.
EXPECTED = {
    (0, 4): (1.65899864591715, 1.4862030885049626, 1.5685746409863979),
    (1, 8): (1.6594476647300311, 1.5298354277215676, 1.4959870879380648),
}


@pytest.mark.parametrize("seed, width", EXPECTED)
def test_equal_to_the_authors_code(seed, width):
    train, held_out, fake = sets(seed, width)
    mean, std = held_out.mean(axis=0), held_out.std(axis=0, ddof=1)
    train, held_out, fake = ((x - mean) / std for x in (train, held_out, fake))
    rng = np.random.default_rng(0)
    ours = mixture_loss(fake, train, held_out, train, rng=rng)
    ours += mixture_loss(train[:40], train[40:], held_out, rng=rng)
    assert ours == pytest.approx(EXPECTED[seed, width], rel=1e-6)


def test_the_divergence_is_made_of_these_losses():
    """The gap needs no baseline: 100 times the difference of two of the losses."""
    held_out, of_train, _ = EXPECTED[0, 4]
    found = likelihood_divergence(*sets(0, 4))
    assert found["fld_gap"] == pytest.approx(100 * (of_train - held_out), rel=1e-5)


def test_the_best_generator_has_the_lowest_divergence():
    """The data have two modes, 6 apart. (On one Gaussian, samples in its centre have a
    low divergence as well: with fitted variances they are a model of all of it.)"""
    rng = np.random.default_rng(3)
    train, held_out, good = rng.normal(size=(3, 300, 4))
    copied = train + 1e-4 * good
    one_mode = good.copy()
    for samples in (train, held_out, good, copied):
        samples[::2] += 6
    found = {
        name: likelihood_divergence(train, held_out, fake)
        for name, fake in (
            ("good", good), ("shifted", good + 2), ("copied", copied),
            ("one mode", one_mode),
        )
    }  # fmt: skip
    assert min(found, key=lambda name: found[name]["fld"]) == "good"
    assert found["good"]["fld"] == pytest.approx(0, abs=10)
    assert found["copied"]["fld_gap"] < -100 < found["good"]["fld_gap"]


def test_a_scale_of_the_features_changes_nothing():
    train, held_out, fake = sets(2, 4)
    scale = np.array([1.0, 10, 0.1, 3])
    scaled = likelihood_divergence(train * scale, held_out * scale, fake * scale)
    assert scaled == pytest.approx(likelihood_divergence(train, held_out, fake))


def test_bad_samples():
    train, held_out, fake = sets(0, 4)
    with pytest.raises(Uncomputable, match="3 training and 40 held-out samples"):
        likelihood_divergence(train[:3], held_out, fake)
    held_out[:, 2] = 1
    with pytest.raises(Uncomputable, match="feature 2 is constant over the held-out"):
        likelihood_divergence(train, held_out, fake)
    with pytest.raises(Uncomputable, match="fake has 3 columns: expected 4"):
        likelihood_divergence(train, held_out, fake[:, :3])
