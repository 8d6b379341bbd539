"""Rows of a run of a table: CSV and Parquet, conditions, and filled-in values."""

import csv

import numpy as np
import pytest

from ganjax.command_line import load_config
from ganjax.commands import sample
from ganjax.config import resolve
from ganjax.data.tables.columns import infer
from ganjax.data.tables.encoding import TableFormat, fitted
from ganjax.errors import BadInput
from ganjax.launch import RunRequest, launch
from ganjax.table_rows import condition_vector, conditions

AGES = [str(17 + i % 40) for i in range(200)]
SEXES = ["F", "M", "", "F"] * 50
TOWNS = [f"{'Aa' if i % 3 else 'Bb, north'}" for i in range(200)]
TEXTS = {"age": AGES, "sex": SEXES, "home, town": TOWNS}


def form_of(texts):
    columns = [infer(name, own) for name, own in texts.items()]
    values = [x.read(texts[x.name]) for x in columns]
    return TableFormat(tuple(map(fitted, columns, values)))


FORM = form_of(TEXTS)


def test_conditions_of_a_text():
    found = conditions(FORM, ["age=40,sex=F", "home, town=Bb, north"])
    assert found == {"age": 40.0, "sex": 0.0, "home, town": 1.0}
    assert conditions(FORM, ["sex="]) == {"sex": -1.0}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sex=X", "'X' was never seen in column 'sex', expected F, M"),
        ("age=140", "'140' was never seen in column 'age', the nearest are 54, 55, 56"),
        (
            "age=forty",
            "'forty' was never seen in column 'age', expected a whole number",
        ),
        (
            "aeg=40",
            "expected COLUMN=VALUE with a column of the data; did you mean 'age'",
        ),
        ("age", "expected COLUMN=VALUE"),
        ("age=", "no value of column 'age' is missing"),
        ("sex=F,sex=M", "expected one value of a column"),
    ],
)
def test_what_was_never_seen_is_refused_by_name(text, problem):
    with pytest.raises(BadInput, match=problem):
        conditions(FORM, [text])


def test_names_of_columns_with_marks_in_conditions():
    """One name begins with another, and values have commas and equals signs."""
    texts = {
        "x": ["a=1", "b,c=2"] * 30,
        "x=y": ["1", "2"] * 30,
        "a\nb": ["u", "v"] * 30,
    }
    form = form_of(texts)
    assert conditions(form, ["x=b,c=2,x=y=2,a\nb=v"]) == {
        "x": 1.0, "x=y": 1.0, "a\nb": 1.0,
    }  # fmt: skip
    assert conditions(form, ["x=a=1"]) == {"x": 0.0}


def test_the_generator_gets_the_rarest_category():
    """F has 100 rows, a missing sex 50, and Bb 67; the categories are F, M, missing,
    Aa, Bb."""
    where = {"sex": 0.0, "home, town": 1.0, "age": 40.0}
    np.testing.assert_array_equal(condition_vector(FORM, where), [0, 0, 0, 0, 1])
    where = {"sex": -1.0, "home, town": 1.0}
    np.testing.assert_array_equal(condition_vector(FORM, where), [0, 0, 1, 0, 0])
    assert condition_vector(FORM, {"age": 40.0}) is None


def test_the_config_of_tables_takes_another_file():
    """The target and the groups of the survey do not stay."""
    data = {"data.name": "table", "data.dir": "people.csv"}
    config = resolve(load_config("table"), data)
    assert config.data.target == "" and config.data.groups == ()
    assert resolve(load_config("table")).data.groups == ("religious",)


def trained(path, game, **changes):
    file = path / "people.csv"
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(TEXTS)
        writer.writerows(zip(*TEXTS.values(), strict=True))
    config = {
        "game": game, "steps": 1, "batch_size": 8,
        "data": {"name": "table", "dir": str(file), **changes.pop("data", {})},
        "networks": {
            name: {"widths": (8,)} for name in ("generator", "discriminator")
        },
        "samples": {"count": 4},
        **changes,
    }  # fmt: skip
    status = launch(RunRequest(resolve(config), path / "run"))
    assert status["state"] == "finished"
    return path / "run"


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("ctgan"), "ctgan", latents={"size": 4})


def test_a_csv_of_rows_has_the_columns_and_the_values_of_the_file(run, tmp_path):
    out = tmp_path / "rows.csv"
    assert sample.main([f"--workdir={run}", "--n=30", f"--out={out}"]) == 0
    rows = read(out)
    assert len(rows) == 30 and list(rows[0]) == list(TEXTS)
    for row in rows:
        assert 17 <= int(row["age"]) <= 56
        assert row["sex"] in ("F", "M", "") and row["home, town"] in TOWNS


def test_rows_fit_their_conditions(run, tmp_path):
    out = tmp_path / "rows.csv"
    command = [f"--workdir={run}", "--n=3", f"--out={out}", "--where=age=40,sex=F"]
    assert sample.main(command) == 0
    assert [(row["age"], row["sex"]) for row in read(out)] == [("40", "F")] * 3


def test_parquet_rows(run, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "rows.parquet"
    assert sample.main([f"--workdir={run}", "--n=5", f"--out={out}"]) == 0
    table = parquet.read_table(out)
    assert [str(x) for x in table.schema.types] == ["int64", "string", "string"]


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--where=sex=X"], "'X' was never seen"),
        (["--out=a.csv", "--mode=columns"], "--out: expected no --mode with it"),
        (["--where=sex=F", "--out=a.png"], "expected a name that ends in .csv"),
        (["--where=sex=F", "--seeds=1"], "--where: expected no --seeds with it"),
        (["--n=0", "--out=a.csv"], "--n=0: expected 1 to"),
        (["--out=a.xlsx"], "expected a name that ends in .png.*, .csv, .tsv, .parquet"),
        (["--table=people.csv"], "expected a run that fills in missing values"),
    ],
)
def test_what_is_refused(run, flags, problem, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text("age,sex\n1,F\n")
    with pytest.raises(BadInput, match=problem):
        sample.main([f"--workdir={run}", *flags])
    assert sorted(x.name for x in tmp_path.iterdir()) == ["people.csv"]


def test_missing_values_are_filled_in_and_known_ones_stay(tmp_path):
    run = trained(tmp_path, "gain", data={"encoding": "range"})
    asked = tmp_path / "asked.csv"
    asked.write_text('sex,age,"home, town"\nF,,Aa\n,40,Aa\nM,20,"Bb, north"\n')
    out = tmp_path / "filled.csv"
    flags = [f"--workdir={run}", f"--table={asked}", f"--out={out}"]
    assert sample.main(flags) == 0
    rows = read(out)
    assert [row["sex"] for row in rows[::2]] == ["F", "M"] and rows[1]["sex"] in "FM"
    assert [row["age"] for row in rows[1:]] == ["40", "20"]
    assert 17 <= int(rows[0]["age"]) <= 56
    with pytest.raises(BadInput, match="^--table='nowhere.csv': cannot be read"):
        sample.main([f"--workdir={run}", "--table=nowhere.csv"])
    asked.write_text("age,sex\n40,F\n")
    with pytest.raises(BadInput, match="expected the column 'home, town'"):
        sample.main(flags)
