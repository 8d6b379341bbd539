"""Mode-specific normalisation, and training by sampling, against hand computation."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.data import make_feed, open_source, record_of, spec_of
from ganjax.data.tables.columns import Column, infer
from ganjax.data.tables.encoding import Encoded, TableFormat, fitted
from ganjax.data.tables.splits import by_category, encoded_split, masked_split
from ganjax.errors import BadInput

SEX = Encoded(Column("sex", "category", ("F", "M")), counts=(3, 1))
AGE = Encoded(
    Column("age", "integer", (), 0, 100, 0, absent=""),
    ((20.0, 40.0), (60.0, 40.0)),
    (1, 2, 1),
    seen=(10.0, 40.0, 70.0),
)
FORM = TableFormat((AGE, SEX))
VALUES = {
    "age": np.array([10.0, np.nan, 70.0, 40.0]),
    "sex": np.array([0, 0, 1, 0], np.int32),
}


def test_a_row_by_hand():
    """Two modes with means 20 and 60 and the scale 40. The place of 10 is −0.25 in the
    first, of 70 0.25 in the second. The most probable mode of 40 is the second, which
    is more frequent; its place there is −0.5."""
    rows = FORM.dense(*FORM.encode(VALUES))
    wanted = [
        [-0.25, 1, 0, 0, 1, 0],
        [0, 0, 0, 1, 1, 0],
        [0.25, 0, 1, 0, 0, 1],
        [-0.5, 0, 1, 0, 1, 0],
    ]
    np.testing.assert_array_equal(rows, wanted)
    back = FORM.decode(rows)
    np.testing.assert_array_equal(back["age"], VALUES["age"])
    np.testing.assert_array_equal(back["sex"], VALUES["sex"])
    assert FORM.width == 6 and FORM.condition_width == 2


def test_modes_are_drawn_by_their_probability():
    """40 is equally far from both means; the second mode has (1 + 2) / (1 + 1) times
    the weight of the first, so its probability is 0.6."""
    values = {"age": np.full(4000, 40.0), "sex": np.zeros(4000, np.int32)}
    _, choices = FORM.encode(values, seed=0)
    share = np.mean(choices[:, 0] == 1)
    assert abs(share - 0.6) < 4 * np.sqrt(0.6 * 0.4 / 4000)
    rows = FORM.dense(*FORM.encode(values, seed=0))
    np.testing.assert_array_equal(FORM.decode(rows)["age"], 40)


def test_a_fitted_mixture_is_inverted_exactly():
    rng = np.random.default_rng(0)
    numbers = np.concatenate([rng.normal(0, 1, 500), rng.normal(50, 3, 300), [500.0]])
    texts = [f"{x:.3f}" for x in numbers] + [""]
    column = infer("x", texts)
    values = column.read(texts)
    encoded = fitted(column, values)
    assert 2 <= len(encoded.modes) <= 10
    for rng in (None, np.random.default_rng(1)):
        places, choices = encoded.encode(values, rng)
        assert abs(places).max() <= 1
        assert encoded.column.texts(encoded.decode(places, choices)) == texts
    assert sum(encoded.counts) == len(texts) and encoded.counts[-1] == 1


def test_the_modes_are_the_modes_of_the_data():
    rng = np.random.default_rng(0)
    numbers = np.concatenate([rng.normal(0, 1, 3000), rng.normal(100, 2, 1000)])
    column = Column("x", "number", (), numbers.min(), numbers.max())
    encoded = fitted(column, numbers)
    means, scales = np.array(encoded.modes).T
    for centre, deviation in ((0, 1), (100, 2)):
        nearest = abs(means - centre).argmin()
        assert abs(means[nearest] - centre) < 1
        assert scales[nearest] < 8 * deviation


def test_a_rare_mode_has_the_width_of_its_rows():
    """Of 100,000 rows 1 % has N(200, ½). Of the values to which the mixture is fitted
    about 20 belong to it, and its prior, the deviation of all rows, is 31. 1,000 rows
    have the mean 200 ± 0.016 and the deviation 0.5 ± 0.011. No row has the mode of
    another centre."""
    rng = np.random.default_rng(0)
    centres, deviations = np.array([0.0, 100.0, 200.0]), np.array([1.0, 2.0, 0.5])
    of = np.repeat([0, 1, 2], [90_000, 9000, 1000])
    numbers = rng.normal(centres[of], deviations[of])
    column = Column("x", "number", (), numbers.min(), numbers.max())
    encoded = fitted(column, numbers)
    means, scales = np.array(encoded.modes).T
    (rare,) = np.flatnonzero(abs(means - 200) < 50)
    assert abs(means[rare] - 200) < 0.08 and abs(scales[rare] / 4 - 0.5) < 0.055
    mode = encoded.encode(numbers)[1]
    assert (abs(means[mode] - centres[of]) < 2 * deviations[of]).all()


def test_a_frequent_value_is_a_mode_without_places():
    """A fifth of the rows is exactly 0, so 0 is the first mode, of the scale 0."""
    rng = np.random.default_rng(0)
    numbers = np.concatenate([np.zeros(100), rng.normal(1, 1, 400)])
    column = Column("x", "number", (), numbers.min(), numbers.max())
    encoded = fitted(column, numbers)
    assert encoded.modes[0] == (0.0, 0.0) and encoded.counts[0] == 100
    places, choices = encoded.encode(numbers, np.random.default_rng(1))
    np.testing.assert_array_equal(choices == 0, numbers == 0)
    np.testing.assert_array_equal(places[:100], 0)
    back = encoded.decode(np.full(3, 0.7, np.float32), np.zeros(3, int))
    np.testing.assert_array_equal(back, 0)


def test_log_frequencies_by_hand():
    """Three rows F and one M: log 4 and log 2, so the probabilities are 2/3 and 1/3."""
    _, choices = FORM.encode(VALUES)
    found = by_category(FORM, choices)
    np.testing.assert_allclose(
        np.exp(found["log_frequency"][0]) / np.exp(found["log_frequency"][0]).sum(),
        [2 / 3, 1 / 3],
        rtol=1e-6,
    )
    np.testing.assert_array_equal(found["counts"], [[3, 1]])
    np.testing.assert_array_equal(found["rows"], [[0, 1, 3, 2]])


def test_training_by_sampling():
    """M has the probability 1/3 though a quarter of the rows is M. A row has the
    category of its condition, and each row of a category is equally frequent."""
    split = encoded_split(FORM, VALUES, seed=0)
    batch = jax.jit(split.make)(split.arrays, jax.random.split(jax.random.key(0), 6000))
    data, condition = (np.asarray(batch[x]) for x in ("data", "condition"))
    np.testing.assert_array_equal(data[:, 4:], condition)
    share = condition[:, 1].mean()
    assert abs(share - 1 / 3) < 4 * np.sqrt(2 / 9 / 6000)
    own = data[condition[:, 0] == 1]
    missing = own[:, 3].mean()  # one of the three rows F
    assert abs(missing - 1 / 3) < 4 * np.sqrt(2 / 9 / len(own))


def test_a_category_that_does_not_occur_is_never_a_condition():
    column = dataclasses.replace(SEX.column, values=("F", "M", "X"))
    form = TableFormat((dataclasses.replace(SEX, column=column, counts=(3, 1, 0)),))
    split = encoded_split(form, {"sex": VALUES["sex"]}, seed=0)
    keys = jax.random.split(jax.random.key(0), 500)
    assert np.asarray(split(keys)["condition"])[:, 2].sum() == 0
    natural = jax.vmap(form.natural_condition)(keys)
    assert np.asarray(natural)[:, 2].sum() == 0


def test_conditions_of_samples_have_the_frequencies_of_the_data():
    keys = jax.random.split(jax.random.key(1), 4000)
    share = np.asarray(jax.vmap(FORM.natural_condition)(keys))[:, 1].mean()
    assert abs(share - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 4000)


def test_a_table_without_categories_has_no_conditions():
    form = TableFormat((AGE,))
    split = encoded_split(form, {"age": VALUES["age"]}, seed=0)
    batch = split(jax.random.split(jax.random.key(0), 3))
    assert batch["condition"].shape == (3, 0) and batch["data"].shape == (3, 4)
    assert form.natural_condition(jax.random.key(0)).shape == (0,)


def test_rows_in_a_range():
    form = dataclasses.replace(FORM, encoding="range")
    data, known = form.in_range(VALUES)
    np.testing.assert_allclose(data, [[0.1, 0], [0, 0], [0.7, 1], [0.4, 0]], rtol=1e-6)
    np.testing.assert_array_equal(known, [[1, 1], [0, 1], [1, 1], [1, 1]])
    back = form.decode(np.array([[0.104, 0.4], [2.0, 0.6]], np.float32))
    np.testing.assert_array_equal(back["age"], [10, 100])
    np.testing.assert_array_equal(back["sex"], [0, 1])


def test_hidden_cells_are_known_cells_that_a_batch_does_not_show():
    form = dataclasses.replace(FORM, encoding="range")
    values = {name: np.tile(x, 500) for name, x in VALUES.items()}
    split = masked_split(form, values, hide=0.2, seed=0)
    data, shown = split.arrays
    truth, known = form.in_range(values)
    held = ~np.isnan(split.hidden)
    assert not (held & (known == 0)).any() and not (held & (shown > 0)).any()
    np.testing.assert_array_equal(split.hidden[held], truth[held])
    assert (data[held] == 0).all()
    share = held.sum() / known.sum()
    assert abs(share - 0.2) < 4 * np.sqrt(0.2 * 0.8 / known.sum())
    batch = split(jax.random.split(jax.random.key(0), 5))
    assert set(batch) == {"data", "known"}


@pytest.mark.parametrize("name", ["table_iris", "table_breast_cancer"])
def test_the_record_of_a_source_is_its_specification(name):
    source = open_source(name)
    held = json.loads(json.dumps(record_of(source)))
    assert spec_of(held) == source.spec
    assert source.spec.fields == ("data", "condition")
    values = source.train.values
    form = source.spec.table
    back = form.decode(form.dense(*form.encode(values, 3)))
    for column in form.names:
        assert form[column].texts(back[column]) == form[column].texts(values[column])


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "colour"}, {"kind": "date", "form": "%Q"}, {"counts": [1]},
        {"modes": []}, {"modes": [[1.0]]}, {"further": 1},
    ],
)  # fmt: skip
def test_a_record_that_does_not_fit_is_refused(change):
    """The first column of the irises has numbers."""
    held = json.loads(json.dumps(record_of(open_source("table_iris"))))
    entry = held["spec"]["form"]["columns"][0]
    for name, value in change.items():
        (entry if name in ("counts", "modes") else entry["column"])[name] = value
    with pytest.raises((TypeError, ValueError)):
        spec_of(held)


def test_a_feed_draws_rows_inside_the_step():
    source = open_source("table_iris")
    feed = make_feed(source.train, batch_size=4, rounds=3)
    key, arrays = jax.random.key(0), jax.tree.map(jnp.asarray, feed.data)

    def batch(_):
        return feed.batch(arrays, key, 0, "data")

    found = jax.vmap(batch, axis_name="data")(np.zeros(1))
    width = source.spec.table.width
    assert found["data"].shape == (1, 3, 4, width)
    assert found["condition"].shape == (1, 3, 4, 3)


def test_a_public_table_keeps_no_statistic_of_its_rows(tmp_path):
    rows = "".join(f"{20 + i % 50},{'FM'[i % 2]}\n" for i in range(200))
    (tmp_path / "t.csv").write_text("age,sex\n" + rows)
    public = ("age:integer:0..120", "sex:category:F|M|X?")
    source = open_source("table", str(tmp_path / "t.csv"), public=public)
    age, sex = source.spec.table.columns
    assert age.modes == ((60.0, 60.0),)
    assert sex.column.values == ("F", "M", "X") and sex.column.absent == ""
    for encoded in (age, sex):
        assert not (encoded.counts or encoded.seen)
    assert source.spec.table.condition_width == 0
    batch = source.train(jax.random.split(jax.random.key(0), 2))
    assert batch["data"].shape == (2, 1 + 1 + 4)


def test_a_missing_value_of_a_public_column_must_be_declared(tmp_path):
    """It would be the last category, X, and the last mode."""
    (tmp_path / "t.csv").write_text("age,sex\n30,F\n40,\n50,M\n")
    public = ("age:integer:0..120", "sex:category:F|M|X")
    with pytest.raises(BadInput, match="column 'sex' has no value in row 2; a . at"):
        open_source("table", str(tmp_path / "t.csv"), public=public)
