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
        ([f"{i}.0" for i in range(30)], "integer"),
        (["2024-02-29 23:59", "1999-12-31 00:00"], "date"),
        (["2024-02-29T23:59:59Z"], "date"),
        (["1,5", "2,5"] * 20, "category"),  # few different values
        ([f"１{i}" for i in range(30)], "category"),  # digits of another alphabet
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
        ["0.0", "5.0", "0.25", *(f"{i}.5" for i in range(40))],  # as pandas writes
        ["40.0", "", *(f"{i}.0" for i in range(40))],  # whole numbers, in pandas
        ["0800-02-11", "1999-01-01"],
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
    pandas = infer("n", [f"{i}.0" for i in range(40)])
    assert pandas.texts([16.2]) == ["16.0"]
    small = infer("x", ["1e-3", *(f"{i}e-2" for i in range(40))])
    assert small.texts([0.12345]) == ["0.123"]


def test_there_is_no_negative_zero():
    column = infer("x", ["-1.25", *(f"{i}.25" for i in range(40))])
    assert column.texts([-0.001, -0.0]) == ["0.00", "0.00"]
    assert infer("n", ["-3", *MANY]).texts([-0.4]) == ["0"]


def test_times_keep_their_step():
    """All times are midnight, full hours or full minutes in the file, and then also in
    made rows."""
    days = infer("x", ["2020-01-01 00:00:00", "2020-01-05 00:00:00"])
    assert days.texts([86400 * 18263 + 40000.0]) == ["2020-01-02 00:00:00"]
    hours = infer("x", ["2020-01-01 00:00", "2020-01-05 07:00"])
    assert hours.texts([86400 * 18263 + 3600 * 5 + 100.0]) == ["2020-01-02 05:00"]


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
        ([*MANY, *["inf"] * 9], "", "'inf' in row 31, expected finite numbers"),
        ([*MANY, "1e400"], "", "'1e400' in row 31, expected numbers up to 1e.38, or"),
        ([*MANY, str(2**63)], "", "in row 31, expected whole numbers up to 2.53, or"),
        ([f"{i},5" for i in range(30)], "", "'0,5' in row 1, expected numbers with a"),
        (
            [f"{i},000" for i in range(30)],
            "",
            "'0,000' in row 1, expected numbers with",
        ),
        (
            [f"${i}.50" for i in range(30)],
            "",
            "'.0.50' in row 1, expected numbers with",
        ),
        ([*MANY, "1,000"], "", "'1,000' in row 31.*or data.types=x:category"),
        (
            [*(f"2020-01-{i:02}" for i in range(1, 30)), "2021-02-29"],
            "",
            "'2020-01-01' in row 1 and '2021-02-29' in row 30, expected dates of one",
        ),
        (
            [f"2020-01-{i:02}" if i % 2 else f"{i:02}.01.2020" for i in range(1, 30)],
            "",
            "'2020-01-01' in row 1 and '02.01.2020' in row 2, expected dates",
        ),
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
