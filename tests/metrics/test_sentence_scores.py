"""Language models of data whose entropy is known."""

import math

import numpy as np
import pytest

from ganjax.metrics.sentences import drawn, nll, trained


def sentences(seed, n=600):
    """The first word is uniform of four, the second one is the next word."""
    first = np.random.default_rng(seed).integers(0, 4, n)
    return np.stack([first, (first + 1) % 4], axis=1).astype(np.int32)


def test_a_model_reaches_the_entropy_of_its_data():
    """log 4 for the first word and 0 for the second, so log(4)/2 for each."""
    model = trained(sentences(0), 4, updates=600, width=8)
    found = nll(model, sentences(1))
    assert math.log(4) / 2 < found + 0.02 and found < math.log(4) / 2 + 0.06
    made = drawn(model, 500)
    right = made[:, 1] == (made[:, 0] + 1) % 4
    assert made.shape == (500, 2) and right.mean() > 0.95
    counts = np.bincount(made[:, 0], minlength=4) / 500
    assert counts.min() > 0.15


@pytest.mark.full
def test_a_low_temperature_loses_diversity():
    """Three quarters of the data are word 0. At T = ¼ the odds 3:1 become 81:1."""
    tokens = (np.arange(800) % 4 == 0).astype(np.int32)[:, None]
    model = trained(tokens, 2, updates=400, width=4)
    assert 0.2 < drawn(model, 1000).mean() < 0.3
    assert drawn(model, 1000, temperature=0.25).mean() < 0.04


@pytest.mark.full
def test_the_reverse_likelihood_sees_a_collapse():
    """A model of one sentence gives the others a small probability."""
    one = np.tile(sentences(0, 1), (600, 1))
    collapsed = trained(one, 4, updates=400, width=8)
    assert nll(collapsed, sentences(1)) > 2 * math.log(4)
