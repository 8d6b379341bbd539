"""The page of a record. A requirement holds only if the measured value meets it."""

from benchmarks import page
from benchmarks.record import Part, Settings, header
from benchmarks.timing import Windows


def record():
    part = Part("a | b", "s", {"ours": [1.0], "theirs": [1.5]}, notes=["of tests"])
    part.faster("ours", "theirs", must=2, aim=3)
    part.costs("ours", "theirs", must=1.0)
    part.value("programs", 0.0, must=0, bound="most")
    made = header(Settings(Windows(3, 1.0), quick=True), {"torch": "9.9"})
    rows = {"one": {"parts": [part.to_json()]}, "two": {"not_run": "no compiler"}}
    return {**made, "rows": rows}


def test_a_page_shows_every_row():
    text = page.text(record())
    lines = text.splitlines()
    assert "torch 9.9" in text and "mean nothing" in text
    assert "### two" in lines and "Not run: no compiler" in lines
    assert "- of tests" in lines
    verdicts = [
        [cell.strip() for cell in line.split("|")][1:-1]
        for line in lines
        if line.startswith("| ") and ("ours:" in line or "programs" in line)
    ]
    assert [(cells[1], cells[4], cells[-1]) for cells in verdicts] == [
        ("1.5", "≥ 2", "no"),
        ("0.667", "≤ 1", "yes"),
        ("0", "≤ 0", "yes"),
    ]


def test_a_table_is_aligned():
    lines = page.table(("", "x"), [("a", "10"), ("bcd", "2")])
    assert lines == ["|     | x  |", "| --- | -- |", "| a   | 10 |", "| bcd | 2  |", ""]


def test_the_page_is_that_of_the_results():
    assert (page.FOLDER / "README.md").read_text() == page.of_results()
