"""The samples of some labels alone."""

import jax
import numpy as np
import pytest

from ganjax.data import Source, held_out, only_labels, open_source, samples
from ganjax.errors import BadInput
from tests.data.test_partial import source, values


class Read:
    """A split that is read item by item, without an attribute ``label``."""

    def __init__(self, arrays):
        self.arrays = arrays

    def __len__(self):
        return len(self.arrays)

    def __getitem__(self, i):
        return {"data": self.arrays.data[i], "label": self.arrays.label[i]}


def test_both_splits_have_these_labels_alone():
    """Image i has the label i mod 3, also if it is read item by item."""
    arrays = source()
    items = Source(arrays.spec, *2 * [Read(arrays.train)])
    for whole in (arrays, items):
        part = only_labels(whole, (2, 1))
        assert part.spec == whole.spec
        for split in (part.train, part.test):
            data, label = held_out(split, 100, seed=0)
            assert len(label) == 40 and set(label) == {1, 2}
            np.testing.assert_array_equal(values(data) % 3, label)


def test_a_class_without_training_samples_is_refused():
    one = only_labels(source(), (0,))
    with pytest.raises(BadInput, match="^classes=b: expected a class with training"):
        only_labels(one, (0, 1))


def test_drawn_samples_of_some_modes():
    """The modes of the ring are numbered. Each sample depends only on its key, and both
    modes are equally likely: of 4,000 samples 2,000 ± 4·√1000."""
    ring = open_source("ring8")
    part = only_labels(ring, (2, 5))
    keys = jax.random.split(jax.random.key(0), 4000)
    found = samples(part.train, keys)
    assert set(np.unique(found["label"])) == {2, 5}
    centres = ring.spec.modes[np.asarray(found["label"])]
    assert np.abs(np.asarray(found["data"]) - centres).max() < 6 * ring.spec.std
    assert abs(int(np.sum(found["label"] == 2)) - 2000) < 4 * 1000**0.5
    few = samples(part.train, keys[7:9])["data"]
    np.testing.assert_array_equal(few, found["data"][7:9])
    other = samples(part.test, keys[7:9])["data"]
    assert np.abs(np.asarray(other) - np.asarray(few)).min() > 0
