import base64
import json
import math
import re
import shutil
import struct
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest

from ganjax.report import read_sweep, sweep_page, write_sweep_report
from ganjax.report.embedding import number, packed, to_json
from ganjax.report.statistics import Estimate
from ganjax.report.sweep import as_text, render
from ganjax.report.sweep_records import SweepRecords, TrialRecords
from ganjax.report.sweep_table import best
from ganjax.report.thumbnails import thumbnail
from ganjax.run_files import RunFiles, write_json
from ganjax.sweep_files import FORMAT

NASTY = "</script><script>alert(1)</script><!-- & \u2028 \u2029 \"'"


def make(folder, trials, directions=None):
    """Write a sweep of finished trials: (point, score name -> values over steps)."""
    listed = [{"id": f"t{i}", "point": p, "kind": 0} for i, (p, _) in enumerate(trials)]
    held = {"format": FORMAT, "kinds": [{"steps": 1}], "trials": listed}
    write_json(folder / "sweep.json", held)
    for i, (_, scores) in enumerate(trials):
        files = RunFiles(folder / f"trials/t{i}")
        files.describe({})
        write_json(files.status, {"state": "finished", "step": 1})
        count = max(map(len, scores.values()), default=0)
        rows = [
            {"step": 10 * (j + 1)}
            | {f"evaluation/{name}": values[j] for name, values in scores.items()}
            for j in range(count)
        ]
        files.metrics.write_text("".join(json.dumps(row) + "\n" for row in rows))
        write_json(
            files.evaluation(10 * count),
            {
                "scores": {},
                "protocol": {"step": 10 * count},
                "directions": directions or {},
            },
        )


class Scripts(HTMLParser):
    """The scripts of a page by id, the number of its elements by tag, and its text."""

    def __init__(self, text):
        super().__init__()
        self.scripts, self.tags, self.text, self._open = {}, [], "", None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag == "script":
            self._open = dict(attributes).get("id", "code")
            self.scripts[self._open] = ""

    def handle_endtag(self, tag):
        self._open = None if tag == "script" else self._open

    def handle_data(self, data):
        if self._open:
            self.scripts[self._open] += data
        else:
            self.text += data

    def json(self, name):
        return json.loads(self.scripts[name])


def unpacked(text):
    content = base64.b64decode(text)
    triples = [content[i : i + 3] for i in range(0, len(content), 3)]
    return [struct.unpack(">f", triple + b"\0")[0] for triple in triples]


def test_the_page_holds_the_values_of_the_trials(tmp_path):
    """Two settings with two seeds. The means are those computed by hand."""
    make(
        tmp_path,
        [
            ({"x": "1", "seed": "0"}, {"fd": [9.0, 0.1], "b": [1.0, math.nan]}),
            ({"x": "1", "seed": "1"}, {"fd": [9.0, 0.3]}),
            ({"x": "2", "seed": "0"}, {"fd": [9.0, 1.5], "b": [1.0, math.inf]}),
            ({"x": "2", "seed": "1"}, {"fd": [9.0, 2.5], "fd_floor": [0.0, 0.25]}),
        ],
        {"fd": "lower"},
    )
    data = Scripts(write_sweep_report(tmp_path).read_text()).json("data")
    assert data["ids"] == ["t0", "t1", "t2", "t3"]
    assert data["setting"] == [0, 0, 1, 1]
    b, fd = sorted(data["scores"], key=lambda score: score["name"])
    assert fd["values"] == [0.1, 0.3, 1.5, 2.5]
    assert b["values"] == ["NaN", None, "Infinity", None]
    assert [row[0] for row in fd["settings"]] == [pytest.approx(0.2), 2.0]
    assert [row[3] for row in fd["settings"]] == [2, 2]
    assert b["settings"] == [None, None]
    # The two values of a setting are the ends of its interval.
    assert fd["settings"][1][1:3] == [1.5, 2.5]
    assert (fd["best"], fd["direction"], fd["floor"]) == (0, -1, 0.25)
    x = data["fields"][data["axes"][0]]
    assert (x["name"], x["values"], x["of"]) == ("x", ["1", "2"], [0, 0, 1, 1])
    assert [data["fields"][i]["name"] for i in data["seeds"]] == ["seed"]


def test_curves_are_thinned_and_keep_their_ends(tmp_path):
    falling = [1 / (i + 1) for i in range(500)]
    make(tmp_path, [({"x": "1"}, {"fd": falling, "fd_floor": falling})])
    curves = Scripts(write_sweep_report(tmp_path).read_text()).json("curves")
    assert curves["names"] == ["evaluation/fd"]
    (steps,), (layout, text) = curves["steps"], curves["trials"]["t0"]
    assert curves["layouts"][layout] == [[0, 0]]
    assert (len(steps), steps[0], steps[-1]) == (60, 10, 5000)
    expected = [falling[step // 10 - 1] for step in steps]
    assert unpacked(text) == pytest.approx(expected, rel=2**-16)


def test_packed_numbers():
    """1.0 is 0x3f800000 in float32, and −2.5 is 0xc0200000."""
    assert base64.b64decode(packed([1.0, -2.5])) == bytes.fromhex("3f8000c02000")
    assert len(packed(np.arange(1000))) == 4000
    nan, high, low, beyond = unpacked(packed([math.nan, math.inf, -math.inf, 1e300]))
    assert math.isnan(nan) and (high, low, beyond) == (math.inf, -math.inf, math.inf)


@pytest.mark.parametrize("value", [NASTY, "<!--<script>", "\ud800", "é", {NASTY: 1}])
def test_json_ends_no_element_and_reads_back(value):
    text = to_json(value)
    assert not re.search(r"[<>&\u2028\u2029]", text) and text.isascii()
    assert json.loads(text) == value


def test_numbers_that_json_lacks():
    assert [number(v) for v in (1.5, math.nan, math.inf, -math.inf)] == [
        1.5, "NaN", "Infinity", "-Infinity",
    ]  # fmt: skip
    with pytest.raises(ValueError):
        to_json([math.nan])


def test_names_and_reasons_are_text(tmp_path):
    make(
        tmp_path,
        [
            ({NASTY: "1", "y": NASTY}, {NASTY: [1.0, 2.0]}),
            ({NASTY: "2", "y": NASTY}, {}),
        ],
    )
    status = {"state": "failed", "exit_reason": NASTY}
    write_json(RunFiles(tmp_path / "trials/t1").status, status)
    page = Scripts(write_sweep_report(tmp_path).read_text())
    assert page.tags.count("script") == 4 and "alert" not in page.scripts["code"]
    data = page.json("data")
    assert data["reasons"]["values"] == ["", NASTY]
    assert [field["name"] for field in data["fields"]] == [NASTY, "y"]
    assert data["fields"][1]["values"] == [NASTY]
    assert data["scores"][0]["name"] == NASTY
    assert page.json("curves")["names"] == [f"evaluation/{NASTY}"]


def test_the_best_estimate_is_apart_from_every_other():
    low, middle = Estimate(1.0, 0.5, 1.5, 8), Estimate(2.0, 1.6, 2.4, 8)
    wide, single = Estimate(3.0, 1.4, 4.0, 8), Estimate(5.0, math.nan, math.nan, 1)
    assert best([middle, None, low], -1) == 2
    assert best([middle, None, low], 1) == 0
    assert best([middle, low, wide], -1) is None  # [0.5, 1.5] and [1.4, 4] overlap
    assert best([middle, low, single], -1) is None  # one value has no interval
    assert best([low, low], -1) is None and best([low, None], -1) is None
    assert best([low, middle], 0) is None


def pictured(folder, count):
    make(folder, [({"x": str(i)}, {"fd": [float(i)]}) for i in range(count)],
         {"fd": "higher"})  # fmt: skip
    random = np.random.default_rng(0)
    for i in range(count):
        path = RunFiles(folder / f"trials/t{i}").picture(10)
        path.parent.mkdir()
        path.write_bytes(thumbnail(random.standard_normal((500, 2))))


def test_a_large_page_becomes_a_folder_and_a_small_one_removes_it(
    tmp_path, monkeypatch
):
    pictured(tmp_path, 20)
    whole = Scripts(write_sweep_report(tmp_path).read_text())
    curves, pictures = whole.json("curves"), whole.json("pictures")
    assert not (tmp_path / "report_files").exists()
    assert len(curves["trials"]) == len(pictures) == 20
    assert whole.json("data")["chunks"] is None

    monkeypatch.setattr(sweep_page, "LIMIT", 1000)
    monkeypatch.setattr(sweep_page, "CHUNK", 5 * 4)  # five trials with one value
    stale = tmp_path / "report_files/curves_99999.js"
    stale.parent.mkdir()
    stale.write_text("of an earlier report")
    page = Scripts(write_sweep_report(tmp_path).read_text())
    data = page.json("data")
    assert page.json("curves") is None and page.json("pictures") == {}
    files = {p.name: p.read_text("latin1") for p in stale.parent.iterdir()}
    assert len(files) == 24 and stale.name not in files
    assert data["chunks"] == [i // 5 for i in range(20)]
    loaded = {}
    for i in range(4):
        called = re.fullmatch(
            r"ganjaxCurves\((\d),(.*)\)\n", files[f"curves_0000{i}.js"]
        )
        assert called[1] == str(i)
        loaded |= json.loads(called[2])["trials"]
    assert loaded == curves["trials"]
    for i in range(20):
        name = data["pictures"][str(i)]["file"]
        content = (tmp_path / name).read_bytes()
        assert base64.b64encode(content).decode() == pictures[str(i)]

    monkeypatch.undo()
    write_sweep_report(tmp_path)
    assert not stale.parent.exists()


def test_the_pictures_of_the_best_settings_stay_in_the_page(tmp_path):
    """The scores of the settings rise, and higher is better."""
    pictured(tmp_path, 20)
    page = sweep_page.SweepPage(read_sweep(tmp_path))
    empty, files = page.split(0)
    assert len(files) == 21  # one file of curves
    room = 5 * 2600
    text, files = page.split(len(empty) + room)
    kept = Scripts(text).json("pictures")
    assert 4 <= len(kept) == 21 - len(files)
    assert set(kept) == {str(19 - i) for i in range(len(kept))}
    assert len(text) <= len(empty) + room


def test_a_trial_with_stored_samples_has_a_drawn_picture(tmp_path):
    make(tmp_path, [({"x": "1"}, {"fd": [1.0]}), ({"x": "2"}, {"fd": [1.0]})])
    read = read_sweep(tmp_path)
    samples = np.zeros((4, 2))
    trials = [
        TrialRecords(t.id, t.point, t.state, t.reason, t.records, t.evaluation, stored)
        for t, stored in zip(
            read.trials, (lambda: (70, samples, None), lambda: None), strict=True
        )
    ]
    page = Scripts(render(SweepRecords("s", trials)))
    assert page.json("data")["pictures"]["0"]["step"] == 70
    expected = base64.b64encode(thumbnail(samples)).decode()
    assert page.json("pictures") == {"0": expected}


def test_a_damaged_picture_is_named(tmp_path):
    pictured(tmp_path, 2)
    RunFiles(tmp_path / "trials/t1").picture(10).write_bytes(b"\x89PNG broken")
    page = Scripts(write_sweep_report(tmp_path).read_text())
    assert "the samples of trial t1 at step 10 are not a readable picture" in page.text
    assert list(page.json("pictures")) == ["0"]


def test_a_sweep_without_scores_and_axes(tmp_path):
    make(tmp_path, [({"seed": "0"}, {}), ({"seed": "1"}, {})])
    data = Scripts(write_sweep_report(tmp_path).read_text()).json("data")
    assert (data["axes"], data["scores"], data["setting"]) == ([], [], [0, 0])
    assert as_text(read_sweep(tmp_path)).splitlines()[1].split()[-1] == "2"


# Uses the page like a reader, and writes what it then shows into the document.
ACTIONS = """
<script>
const rows = () => [...document.querySelectorAll("#table tbody tr")].map(
  row => [...row.children].map(cell => cell.firstChild.textContent));
const click = element => element.click();
const found = { first: rows() };
click(document.querySelector("#table .sort"));
found.by_x = rows();
const find = document.querySelector("#find");
find.value = "seed=1 x=1|x=10";
find.dispatchEvent(new Event("input"));
found.kept = rows();
click(document.querySelectorAll(".tab")[1]);
found.trials = rows();
location.hash = "#trial=t5";
setTimeout(() => {
  found.drawer = document.querySelector("#trial h2").textContent;
  found.curves = document.querySelectorAll("#trial_curves figure").length;
  click(document.querySelector("#trial .close"));
  found.closed = document.querySelector("#trial").hidden;
  document.body.append(Object.assign(document.createElement("pre"),
    { id: "found", textContent: JSON.stringify(found) }));
}, 1000);
</script>
"""


@pytest.mark.full
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
@pytest.mark.parametrize("limit", [1000, sweep_page.LIMIT])
def test_a_browser_sorts_filters_and_opens_a_trial(tmp_path, monkeypatch, limit):
    """The values 2 and 10 are sorted as numbers, and x=1 is not x=12. Lower is better,
    so the best setting is the first row. A split page loads its curves."""
    monkeypatch.setattr(sweep_page, "LIMIT", limit)
    trials = [
        ({"x": x, "seed": seed}, {"fd": [float(x) + int(seed)]})
        for x in ("10", "2", "1", "12")
        for seed in "01"
    ]
    make(tmp_path, trials, {"fd": "lower"})
    path = write_sweep_report(tmp_path)
    path.write_text(path.read_text().replace("</body>", ACTIONS + "</body>"))
    shown = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
         f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=5000",
         "--dump-dom", path.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    found = json.loads(re.search(r'<pre id="found">(.*?)</pre>', shown)[1])
    table = [[x, str(float(x) + 0.5), "2"] for x in ("1", "2", "10", "12")]
    assert found["first"] == found["by_x"] == table
    assert found["kept"] == [table[0], table[2]]
    assert found["trials"] == [
        ["t1", "10", "1", "finished", "11"], ["t5", "1", "1", "finished", "2"],
    ]  # fmt: skip
    assert (found["drawer"], found["curves"], found["closed"]) == ("t5", 1, True)
