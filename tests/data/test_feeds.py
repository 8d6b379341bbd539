"""Feeds: the global batch depends neither on the devices nor on the kind of feed."""

import threading
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.data import Source, feed_of, is_streamed, open_source, opening
from ganjax.data.feeds import drawn, make_feed, resident, scaled, streamed
from ganjax.data.order import Balance
from ganjax.data.source import Arrays, Spec, fixed_sample, in_memory
from ganjax.errors import BadInput

KEY = jax.random.key(3)
BATCH, ROUNDS = 8, 2


class Listed:
    """Items of arrays, read one by one. Reading item ``broken`` fails."""

    def __init__(self, arrays, broken=-1):
        self.arrays, self.broken = arrays, broken

    def __len__(self):
        return len(self.arrays)

    def __getitem__(self, index):
        if index == self.broken:
            raise BadInput("data.dir='x': item.png: cannot be decoded")
        return {"data": self.arrays.data[index], "label": int(self.arrays.label[index])}


def numbered(size):
    """Images whose four pixels are the bytes of their index."""
    data = np.arange(size, dtype=np.uint32).astype("<u4").view(np.uint8)
    return Arrays(data.reshape(size, 2, 2, 1), np.arange(size, dtype=np.int32))


def on_devices(feed, devices):
    """``(step, data) -> global batch``, computed on ``devices`` emulated devices."""
    axes = None if feed.stream is None else 0
    compiled = jax.jit(
        jax.vmap(
            lambda d, s: feed.batch(d, KEY, s, "data"),
            (axes, None),
            axis_name="data",
            axis_size=devices,
        )
    )

    def global_batch(step, data=feed.data):
        if axes == 0:  # each device gets its share of the host batch
            data = jax.tree.map(lambda x: np.stack(np.split(x, devices, axis=1)), data)
        shards = compiled(data, jnp.int32(step))
        return {name: np.concatenate(list(x), axis=1) for name, x in shards.items()}

    return global_batch


@pytest.mark.parametrize(
    "make",
    [
        lambda: resident(numbered(13), batch_size=BATCH, rounds=ROUNDS),
        lambda: resident(numbered(700), batch_size=BATCH, rounds=ROUNDS),
        lambda: drawn(open_source("grid25").train, batch_size=BATCH, rounds=ROUNDS),
        lambda: drawn(open_source("unpaired").train, batch_size=BATCH, rounds=ROUNDS),
    ],
    ids=["tiny", "resident", "drawn", "unpaired"],
)
def test_the_global_batch_does_not_depend_on_the_devices(make):
    feed = make()
    one, four = (on_devices(feed, n)(5) for n in (1, 4))
    for name, x in one.items():
        assert x.shape[:2] == (ROUNDS, BATCH)
        np.testing.assert_array_equal(x, four[name])


@pytest.mark.parametrize("by_class", [False, True])
@pytest.mark.parametrize("wrap", [Listed, lambda arrays: arrays])
def test_streamed_and_resident_give_the_same_batches(wrap, by_class):
    arrays = numbered(700)
    sizes = dict(batch_size=BATCH, rounds=ROUNDS)
    if by_class:  # classes of 500 and 200
        sizes["balance"] = Balance.of(arrays.label >= 500)
    feed = resident(arrays, **sizes)
    other = streamed(wrap(arrays), threads=3, **sizes)
    on_one, on_two = on_devices(feed, 1), on_devices(other, 2)
    with other.stream(KEY, 40) as batches:
        for step in range(40, 50):  # an epoch ends at step 43
            host = next(batches)
            assert host["data"].dtype == np.uint8
            expected, got = on_one(step), on_two(step, host)
            for name in expected:
                np.testing.assert_array_equal(expected[name], got[name])
            if by_class:
                assert (host["label"] >= 500).sum() == host["label"].size / 2


def test_a_resumed_run_continues_the_order():
    feed = streamed(numbered(50), batch_size=BATCH, rounds=1)
    with feed.stream(KEY, 0) as whole, feed.stream(KEY, 6) as resumed:
        labels = [next(whole)["label"] for _ in range(9)]
        np.testing.assert_array_equal(
            labels[6:], [next(resumed)["label"] for _ in range(3)]
        )


def test_closing_a_stream_leaves_no_thread():
    before = set(threading.enumerate())
    feed = streamed(Listed(numbered(700)), batch_size=BATCH, rounds=ROUNDS, threads=4)
    batches = feed.stream(KEY, 0)
    next(batches)
    assert set(threading.enumerate()) - before
    batches.close()
    batches.close()
    deadline = time.monotonic() + 5
    while set(threading.enumerate()) - before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not set(threading.enumerate()) - before
    with pytest.raises(StopIteration):
        next(batches)


def test_an_unreadable_item_surfaces_as_bad_input():
    feed = streamed(Listed(numbered(20), broken=4), batch_size=20, rounds=1)
    with feed.stream(KEY, 0) as batches, pytest.raises(BadInput, match="item.png"):
        next(batches)
    with pytest.raises(BadInput, match="item.png"):
        in_memory(Listed(numbered(20), broken=4))


def test_images_are_scaled_onto_minus_one_to_one():
    values = np.asarray(jax.jit(scaled)(jnp.arange(256, dtype=jnp.uint8)))
    assert values[0] == -1.0 and values[255] == 1.0
    np.testing.assert_allclose(values, np.linspace(-1, 1, 256), atol=1e-6)
    points = jnp.array([3.5, -7.0])
    np.testing.assert_array_equal(scaled(points), points)


def test_every_drawn_sample_is_new():
    feed = drawn(open_source("ring8").train, batch_size=BATCH, rounds=ROUNDS)
    batch = on_devices(feed, 1)
    samples = np.concatenate([batch(s)["data"].reshape(-1, 2) for s in range(3)])
    assert len(np.unique(samples, axis=0)) == len(samples)


def test_auto_keeps_on_the_device_what_fits_in_memory():
    items = Listed(numbered(100))  # 400 bytes
    sizes = dict(batch_size=BATCH, rounds=1)
    assert make_feed(items, memory=400, **sizes).stream is None
    assert make_feed(items, memory=399, **sizes).stream is not None
    assert make_feed(items, kind="resident", memory=0, **sizes).stream is None
    assert make_feed(open_source("ring8").train, **sizes).data == ()
    with pytest.raises(BadInput, match="did you mean 'streamed'"):
        make_feed(items, kind="stream", **sizes)


@pytest.mark.parametrize(
    ("feed", "limit", "resident", "expected"),
    [
        ("streamed", 0, 400, True),
        ("resident", 0, 0, False),
        ("auto", 0, 400, False),
        ("auto", 0, 399, True),
        ("auto", 50, 399, False),
        ("auto", 50, 199, True),
    ],
)
def test_whether_data_are_read_during_training(
    feed, limit, resident, expected, monkeypatch
):
    monkeypatch.setattr(opening, "RESIDENT", resident)
    items = Listed(numbered(100))  # 400 bytes
    source = Source(Spec("x", (2, 2, 1), ()), items, items)
    assert is_streamed({"feed": feed, "limit": limit}, source) is expected
    ring = open_source("ring8")
    assert not is_streamed({"feed": "auto", "limit": 0}, ring)


def test_a_batch_that_devices_cannot_share_is_refused():
    feed = resident(numbered(20), batch_size=6, rounds=1)
    with pytest.raises(BadInput, match="batch_size=6: expected a multiple of the 4"):
        on_devices(feed, 4)(0)


def test_an_empty_split_is_refused():
    with pytest.raises(BadInput, match="no sample"):
        resident(numbered(0), batch_size=6, rounds=1)


def test_a_fixed_sample_is_what_the_sampler_draws():
    source = open_source("grid25")
    arrays = fixed_sample(source.train, KEY, 50)
    assert arrays.data.shape == (50, 2) and arrays.label.dtype == np.int32
    assert isinstance(source.spec, Spec)
    centres = source.spec.modes[arrays.label]
    assert np.abs(arrays.data - centres).max() < 5 * source.spec.std


def test_a_class_of_few_samples_is_drawn_as_often_as_the_others():
    label = np.array([0] * 90 + [1] * 10, np.int32)
    arrays = Arrays(numbered(100).data, label)
    section = dict(limit=0, subset=0, feed="auto", mirror=False)
    source = Source(Spec("x", (2, 2, 1), ("a", "b")), arrays, arrays)
    for balanced, share in ((True, 0.5), (False, 0.1)):
        feed = feed_of({**section, "balanced": balanced}, source, 100, 1)
        assert on_devices(feed, 1)(3)["label"].mean() == pytest.approx(share)


@pytest.mark.parametrize("name", ["unpaired", "ring8", "swiss_roll"])
def test_balance_needs_classes_and_data_that_are_read(name):
    section = dict(limit=0, subset=0, feed="auto", mirror=False, balanced=True)
    with pytest.raises(
        BadInput, match="data.balanced=True: expected data with classes"
    ):
        feed_of(section, open_source(name), 8, 1)
