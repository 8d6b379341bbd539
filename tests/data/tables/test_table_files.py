"""CSV and Parquet files of tables, good and bad."""

import datetime
import decimal
import gzip
import sys

import numpy as np
import pytest

from ganjax.data import open_source
from ganjax.data.tables.columns import infer
from ganjax.data.tables.files import read_csv, read_file, write_file
from ganjax.data.tables.sources import OPTIONS
from ganjax.errors import BadInput

GOOD = "age,sex\n40,F\n,M\n"


def read(text, **how):
    return read_csv(text, "data.dir='t.csv'", **how).columns


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(mark):
    text = f'age{mark}"name, first"\n40{mark}"A, B"\n17{mark}"C"\n'
    assert read(text) == {"age": ["40", "17"], "name, first": ["A, B", "C"]}


def test_a_table_of_one_column_and_empty_lines():
    assert read("x\n1\n\n3\n") == {"x": ["1", "", "3"]}
    assert read("x,y\n1,2\n\n3,4\n") == {"x": ["1", "3"], "y": ["2", "4"]}


@pytest.mark.parametrize(
    ("text", "how", "problem"),
    [
        ("a;b\n1;2\n", {"delimiter": ","}, "has one column, 'a;b'; data.delimiter="),
        ("a,b,a\n1,2,3\n", {}, "different names of columns, but 'a' occurs 2 times"),
        ("a,,c\n1,2,3\n", {}, "column 2 has no name"),
        ("a,b\n1,2\n3\n", {}, "line 3 has 1 values, expected 2"),
        ("a,b\n", {}, "expected rows after the names"),
        ("", {}, "expected a first line with the names"),
        ('a,b\n"1,2\n', {}, "is no CSV in line 2 .a quote is open"),
        ('a,b\n1,2\n"3"x,4\n', {}, "is no CSV in line 3"),
        (f"a,b\n1,2\n3,{'x' * 200_000}\n", {}, "is no CSV in line 3 .field larger"),
        ('a,b\n1,"2\n2"\n3\n', {}, "line 4 has 1 values, expected 2"),
        (GOOD, {"delimiter": "||"}, "data.delimiter='||': expected one character"),
    ],
)
def test_a_bad_file_is_one_line(text, how, problem):
    with pytest.raises(BadInput, match=problem) as found:
        read(text, **how)
    assert "\n" not in str(found.value)


def test_files_that_cannot_be_read(tmp_path):
    for data, problem in (
        (b"x\n\xff\xfe\n", "line 2 has bytes that are no UTF-8"),
        (b"x\n1\n\0\n", "line 3 has a zero byte"),
        (GOOD.encode("utf-16"), "is text in UTF-16, expected UTF-8"),
        (gzip.compress(GOOD.encode()), "is compressed by gzip"),
        (b"PAR1...", "is a Parquet file, expected a name that ends in .parquet"),
    ):
        (tmp_path / "a.csv").write_bytes(data)
        with pytest.raises(BadInput, match=problem):
            read_file(tmp_path / "a.csv")
    with pytest.raises(BadInput, match="cannot be read"):
        read_file(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_text(GOOD)
    with pytest.raises(BadInput, match="expected one table, found 2 .a.csv, b.csv"):
        read_file(tmp_path)
    pytest.importorskip("pyarrow")
    (tmp_path / "c.parquet").write_text(GOOD)
    with pytest.raises(BadInput, match="is no Parquet file"):
        read_file(tmp_path / "c.parquet")


def test_csv_is_written_as_it_was(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(GOOD)
    texts = read_file(path).columns
    columns = [infer(name, own) for name, own in texts.items()]
    values = {x.name: x.texts(x.read(texts[x.name])) for x in columns}
    write_file(tmp_path / "again.csv", columns, values)
    assert (tmp_path / "again.csv").read_text() == GOOD


def test_parquet_keeps_its_types(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    day = datetime.date
    made = {
        "n": arrow.array([1, None, 300], arrow.int16()),
        "x": arrow.array([0.5, -1.0, None], arrow.float32()),
        "s": arrow.array(["a", "b", "a"]),
        "b": arrow.array([True, None, False]),
        "d": arrow.array([day(2020, 1, 2), day(1999, 12, 31), None]),
        "t": arrow.array([datetime.datetime(2020, 1, 2, 3, 4, 5)] * 3),
        "c": arrow.array(["u", "v", "u"]).dictionary_encode(),
        "text": arrow.array(["u", "v", "u"], arrow.large_string()),
        "dates": arrow.array(["2020-01-02", "2020-01-03", None]),
        "money": arrow.array(map(decimal.Decimal, ("1.50", "2.25", "0.00"))),
        "id": arrow.array([2**62 + 1, 2**62 + 3, None], arrow.int64()),
        "unsigned": arrow.array([2**64 - 1, 1, None], arrow.uint64()),
        "ns": arrow.array([10**18, None, 0], arrow.timestamp("ns")),
        "zone": arrow.array([10**9, 0, None], arrow.timestamp("s", "Europe/Berlin")),
        "nothing": arrow.nulls(3),
    }
    table = arrow.table(made)
    parquet.write_table(table, tmp_path / "t.parquet")
    texts, stored = read_file(tmp_path / "t.parquet")
    columns = [infer(name, own, stored=stored[name]) for name, own in texts.items()]
    values = {x.name: x.texts(x.read(texts[x.name])) for x in columns}
    write_file(tmp_path / "again.parquet", columns, values)
    again = parquet.read_table(tmp_path / "again.parquet")
    assert again.to_pylist() == table.to_pylist()
    table = parquet.read_table(tmp_path / "t.parquet")  # seconds become milliseconds
    assert again.schema.types == table.schema.types


def test_numbers_of_parquet_have_the_digits_of_their_precision(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(
        arrow.table({"x": arrow.array([0.1, 2.5], "float32")}), tmp_path / "t.parquet"
    )
    assert read_file(tmp_path / "t.parquet").columns == {"x": ["0.1", "2.5"]}


def test_two_columns_of_parquet_with_one_name_are_refused(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    two = arrow.Table.from_arrays([arrow.array([1])] * 2, names=["a", "a"])
    parquet.write_table(two, tmp_path / "t.parquet")
    with pytest.raises(BadInput, match="'a' occurs 2 times"):
        read_file(tmp_path / "t.parquet")


def test_a_column_of_lists_is_refused(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"x": [[1], [2]]}), tmp_path / "t.parquet")
    with pytest.raises(BadInput, match="column 'x' has the type list.*data.drop=x"):
        read_file(tmp_path / "t.parquet")


def test_without_pyarrow_a_line_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "t.parquet").write_text("x")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(BadInput, match='pip install "ganjax.parquet."'):
        read_file(tmp_path / "t.parquet")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"types": ("age:text",)}, "data.types=age:text: expected COLUMN:TYPE"),
        ({"types": ("ages:number",)}, "did you mean 'age'"),
        ({"drop": ("sexx",)}, "data.drop=sexx: expected a column.*did you mean 'sex'"),
        ({"drop": ("age", "sex")}, "expected a column that is not in data.drop"),
        ({"target": "age"}, "column 'age' has numbers, expected COLUMN>NUMBER"),
        ({"target": "height>2"}, "expected a column"),
        ({"target": "age>old"}, "data.target=age>old: expected COLUMN>NUMBER"),
        (
            {"types": ("age:category",), "target": "age"},
            "column 'age' has 101 categories, expected at most 100",
        ),
        ({"groups": ("age",)}, "data.groups=age: expected a column of categories"),
        ({"holdout": 1000.0}, "expected more than the 1000 of data.holdout"),
        ({"hide": 0.2}, "data.hide=0.2: expected data.encoding='range'"),
        ({"public": ("age:integer:0..99",)}, "expected all columns, and 'sex' is"),
        ({"public": ("age:integer:9..0", "sex:category:F|M")}, "a declaration like"),
    ],
)
def test_what_a_source_refuses(options, problem, tmp_path):
    rows = "".join(f"{i},{'FM'[i % 2]}\n" for i in range(101))
    (tmp_path / "t.csv").write_text("age,sex\n" + rows)
    with pytest.raises(BadInput, match=problem):
        open_source("table", str(tmp_path / "t.csv"), **options)


def test_names_of_columns_with_marks(tmp_path):
    """A target may be written with spaces, and a name may have the mark >."""
    rows = "".join(f"{i},{'FM'[i % 2]}\n" for i in range(50))
    (tmp_path / "t.csv").write_text('"a, ""b""",x>y\n' + rows)
    path = str(tmp_path / "t.csv")
    assert open_source("table", path, target="x>y").spec.table.target == "x>y"
    form = open_source("table", path, target='a, "b" > 5').spec.table
    assert (form.target, form.threshold) == ('a, "b"', 5.0)
    option = OPTIONS["drop"]
    assert option.parsed("data.drop", "'a, \"b\"', weight (kg)") == (
        'a, "b"', "weight (kg)",
    )  # fmt: skip


def test_numbers_that_are_all_tiny(tmp_path):
    """The squares of 1e-200 are 0."""
    rows = "".join(f"{i}e-200\n" for i in range(1, 40))
    (tmp_path / "t.csv").write_text("x\n" + rows)
    source = open_source("table", str(tmp_path / "t.csv"))
    form, values = source.spec.table, source.train.values
    back = form.decode(form.dense(*form.encode(values, 0)))
    np.testing.assert_allclose(back["x"], values["x"], rtol=0, atol=1e-205)


def test_a_source_of_odd_columns(tmp_path):
    """A constant column, a column that is always missing, and one with a value."""
    rows = "".join(f"{i},same,,{'x' if i else ''}\n" for i in range(30))
    (tmp_path / "t.csv").write_text("n,constant,never,once\n" + rows)
    source = open_source("table", str(tmp_path / "t.csv"))
    assert len(source.train.each) == 24 and len(source.test.each) == 6
    form = source.spec.table
    values = source.train.values
    back = form.decode(form.dense(*form.encode(values, 0)))
    for name in form.names:
        assert form[name].texts(back[name]) == form[name].texts(values[name])
