"""Types of columns, and texts that become numbers and texts again."""

import numpy as np
import pytest

from ganjax.data.tables.columns import infer
from ganjax.errors import BadInput

MANY = [str(i) for i in range(30)]


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (MANY, "integer"),
        ([f"{i}.5" for i in range(30)], "number"),
        ([f"{i}e3" for i in range(30)], "number"),
        (["1", "0", "1"], "category"),  # few different numbers
        (["red", "blue"], "category"),
        ([f"{i:05}" for i in range(30)], "category"),  # postal codes
        (["2024-02-29", "2023-01-01"], "date"),
        (["31.12.1999", "01.02.2003"], "date"),
        (["2024-02-29 23:59:59"], "date"),
        (["yes", "", "no"], "category"),
        ([*MANY, "NA"], "integer"),
        (["3", "apple", "pear"], "category"),
        (["", "NA"], "category"),
    ],
)
def test_the_type_of_a_column(texts, kind):
    column = infer("x", texts)
    assert column.kind == kind
    written = column.texts(column.read(texts))
    missing = {"", "NA"}
    assert [x in missing for x in written] == [x in missing for x in texts]


@pytest.mark.parametrize(
    "texts",
    [
        [f"{i / 4:.2f}" for i in range(40)],
        ["-12", *MANY],
        ["1999-12-31", "", "2000-02-29", "1970-01-01", "1900-03-01"],
        ["2024-02-29T23:59:59", "1969-12-31T00:00:01"],
        ["b", "a", "?", "a"],
        ["10", "9", "9", "2.5"],
        ["0", "0.0434783", "57.6", *(f"0.{i}" for i in range(1, 40) if i % 10)],
    ],
)
def test_values_are_written_as_they_were(texts):
    column = infer("x", texts)
    assert column.texts(column.read(texts)) == texts


def test_numbers_keep_their_digits_and_their_range():
    column = infer("x", [f"{i}.25" for i in range(40)])
    assert column.decimals == 2
    assert column.texts([-5.0, 3.14159, 99.0]) == ["0.25", "3.14", "39.25"]
    whole = infer("n", ["17", "90", *MANY[20:]], "integer")
    assert whole.texts([16.2, 40.4999, 90.7, np.nan]) == ["17", "40", "90", ""]


def test_dates_are_days_since_1970():
    column = infer("x", ["1970-01-02", "2000-01-01"])
    np.testing.assert_array_equal(column.read(["1970-01-02", "2000-01-01"]), [1, 10957])
    seconds = infer("x", ["1970-01-02 00:00:01"])
    np.testing.assert_array_equal(seconds.read(["1970-01-02 00:00:01"]), [86401])


def test_categories_of_numbers_are_in_their_order():
    assert infer("x", ["10", "9", "2.5"]).values == ("2.5", "9", "10")
    assert infer("x", ["b", "10", "a"], "category").values == ("10", "a", "b")


@pytest.mark.parametrize(
    ("texts", "kind", "problem"),
    [
        ([*MANY, "oops"], "", "column 'x' has numbers and 'oops' in row 31: 1 values"),
        (["1.5"], "integer", "'1.5' in row 1, expected whole numbers, as data.types=x"),
        (["2024-01-01", "01.02.2003"], "date", "holds no dates of one format"),
        ([f"c{i}" for i in range(10_000)], "", "10,000 different values, expected at"),
        (["1", "nan"], "number", None),
        (["inf", "1"], "number", "'inf' in row 1, expected numbers"),
    ],
)
def test_what_is_refused(texts, kind, problem):
    if problem is None:
        assert infer("x", texts, kind).absent == "nan"
        return
    with pytest.raises(BadInput, match=problem):
        infer("x", texts, kind)


def test_a_value_that_a_column_does_not_have():
    column = infer("x", ["F", "M"])
    with pytest.raises(BadInput, match="there: column 'x' has 'X', expected F, M"):
        column.read(["F", "X"], "there")
