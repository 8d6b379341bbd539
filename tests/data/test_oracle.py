"""The oracle against an implementation in NumPy."""

import itertools

import jax
import numpy as np
import pytest

from ganjax.data import open_source, record_of, spec_of
from ganjax.data.natural_files import sentences
from ganjax.data.oracle import log_likelihood, oracle_of, sentences_of


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_hand(oracle, sentence):
    """log p of one sentence, word by word, in double precision."""
    words, inputs, state, bias, output, output_bias = (
        np.asarray(x, np.float64) for x in oracle
    )
    hidden = memory = np.zeros(32)
    before, total = 0, 0.0
    for word in sentence:
        i, f, o, g = np.split(words[before] @ inputs + hidden @ state + bias, 4)
        memory = sigmoid(f) * memory + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(memory)
        logits = hidden @ output + output_bias
        total += logits[word] - np.log(np.sum(np.exp(logits)))
        before = word
    return total


def test_the_likelihood_is_that_of_a_loop():
    oracle = oracle_of(7, 0)
    tokens = np.random.default_rng(0).integers(0, 7, (5, 6))
    found = log_likelihood(oracle, tokens)
    np.testing.assert_allclose(found, [by_hand(oracle, x) for x in tokens], rtol=1e-5)


def test_the_probabilities_of_all_sentences_sum_to_one():
    oracle = oracle_of(3, 1)
    every = np.array(list(itertools.product(range(3), repeat=4)))
    assert np.exp(log_likelihood(oracle, every)).sum() == pytest.approx(1, abs=1e-5)


def test_sentences_have_their_probability():
    """Shares of 9 sentences of two words in 20,000 draws, within four standard
    deviations."""
    oracle = oracle_of(3, 2)
    drawn = sentences_of(oracle, jax.random.key(0), 20_000, 2)
    every = np.array(list(itertools.product(range(3), repeat=2)))
    share = np.bincount(drawn @ [3, 1], minlength=9) / len(drawn)
    wanted = np.exp(log_likelihood(oracle, every))
    spread = np.sqrt(wanted * (1 - wanted) / len(drawn))
    assert (np.abs(share - wanted) <= 4 * spread).all()


def test_both_splits_and_their_record():
    source = open_source("oracle_words", words=11, length=4, sentences=50)
    assert source.spec.shape == (4,) and source.spec.vocabulary == 11
    for split in (source.train, source.test):
        assert split.data.shape == (50, 4) and split.data.dtype == np.int32
        assert split.data.min() >= 0 and split.data.max() <= 10
    assert not np.array_equal(source.train.data, source.test.data)
    assert spec_of(record_of(source)) == source.spec
    assert sentences(np.array([[0, 10, 3, 3]]), source.spec.form) == ["w0 w10 w3 w3"]
    other = open_source("oracle_words", words=11, length=4, sentences=50, oracle=1)
    assert not np.array_equal(source.train.data, other.train.data)
