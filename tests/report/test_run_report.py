import json
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from ganjax.errors import BadInput
from ganjax.report import write_report
from ganjax.report.records import read_records
from ganjax.report.run import evenly
from ganjax.run_files import RunFiles


@pytest.fixture
def run(tmp_path):
    """A small finished run."""
    run = tmp_path / "ring_r1"
    (run / "samples").mkdir(parents=True)
    config = {"seed": 3, "optimizer": {"generator": {"learning_rate": 0.0002}}}
    command = "python scripts/train.py --config=configs/ring.py --workdir=runs/ring_r1"
    RunFiles(run).describe(config, command=command)
    (run / "environment.json").write_text(
        json.dumps({"versions": {"jax": "0.10.2"}, "backend": "cpu", "diff": "<b>\n"})
    )
    (run / "status.json").write_text(json.dumps({"state": "finished", "step": 3000}))
    rows = [
        {"step": s, "generator/loss": s / 1000, "discriminator/loss": 1.0}
        for s in (1000, 2000, 3000)
    ] + [{"step": 3000, "evaluation/modes": 8}]
    write_rows(run, rows)
    for step in (0, 1000, 2000, 3000):
        Image.new("RGB", (4, 4), (step // 20, 0, 0)).save(
            run / "samples" / f"step_{step:08d}.png"
        )
    return run


def write_rows(run, rows):
    (run / "metrics.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))


class Page(HTMLParser):
    """The text of a page, and every address that a browser would load or offer."""

    def __init__(self, path):
        super().__init__()
        self.text, self.addresses, self.tags = "", [], []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        for name, value in attributes:
            if name in ("src", "href", "srcset", "action", "data"):
                self.addresses.append(value)

    def handle_data(self, data):
        self.text += data


def test_it_opens_offline(run):
    page = Page(write_report(run))
    assert len(page.addresses) == 4
    assert all(a.startswith("data:image/png;base64,") for a in page.addresses)
    assert not re.search(r"https?://|@import|url\(", page.source)


def test_what_it_says(run):
    path = write_report(run)
    assert path == run / "report.html"
    page = Page(path)
    for said in (
        "ring_r1",
        "finished",
        "3,000",
        "generator.learning_rate",
        "0.0002",
        "jax",
        "--workdir=runs/ring_r1",
        'ganjax.load("runs/ring_r1")',
    ):
        assert said in page.text, said
    card = re.search(r"<dt>modes</dt><dd class=\"value\">(.*?)</dd>", page.source)
    assert card[1] == "8"
    steps = [a["data-step"] for t, a in page.tags if "data-step" in a]
    assert steps == ["0", "1000", "2000", "3000"]
    hidden = ["hidden" in a for t, a in page.tags if "data-step" in a]
    assert hidden == [True, True, True, False]


def test_a_score_stands_with_its_floor(run):
    row = {"step": 9, "evaluation/fd_8": 2.5, "evaluation/fd_8_floor": 0.25}
    write_rows(run, [row | {"evaluation/swd_4_floor": 3.0}])
    source = Page(write_report(run)).source
    cards = re.findall(r"<dt>(.*?)</dt><dd .*?>(.*?)</dd><dd .*?>(.*?)</dd>", source)
    assert cards == [
        ("fd 8", "2.5", "floor 0.25, at step 9"),
        ("swd 4 floor", "3", "at step 9"),
    ]


def test_same_files_give_the_same_bytes_and_no_path_of_the_machine(run):
    first = write_report(run).read_bytes()
    assert write_report(run).read_bytes() == first
    assert str(run.parent).encode() not in first
    assert [p.name for p in run.iterdir() if "report" in p.name] == ["report.html"]


def test_small_pictures_are_enlarged_by_whole_factors(run):
    page = Page(write_report(run))
    picture = next(a for t, a in page.tags if t == "img")
    assert (picture["width"], picture["class"]) == ("620", "crisp")  # 155 · 4 pixels


def test_real_data_is_shown_beside(run):
    Image.new("L", (700, 700)).save(run / "samples" / "real.png")
    page = Page(write_report(run))
    real = next(a for t, a in page.tags if a.get("alt") == "real data")
    assert (real["width"], real.get("class")) == ("700", None)


def test_evenly_keeps_the_ends():
    assert evenly([1, 2, 3], 24) == [1, 2, 3]
    assert evenly(list(range(101)), 5) == [0, 25, 50, 75, 100]
    chosen = evenly(list(range(1000)), 24)
    assert (len(set(chosen)), chosen[0], chosen[-1]) == (24, 0, 999)


def test_a_run_that_has_only_its_config(tmp_path):
    RunFiles(tmp_path).describe({})
    page = Page(write_report(tmp_path))
    assert "No metrics have been recorded yet." in page.text


def test_damage_is_named_and_does_not_break_the_report(run):
    (run / "metrics.jsonl").write_text(
        '{"step": 1, "generator/loss": NaN, "a/b": "Infinity", "c": [1], "d": "word"}\n'
        '\n[1, 2]\n{"generator/loss": 1}\n{"step": 1e400, "a/b": 2}\n{"step": -4}\n'
        '{"step": 2, "generator/loss": "NaN", "evaluation/fd": null}\n'
        '{"step": 3, "gen'
    )
    (run / "status.json").write_text("[]")
    (run / "environment.json").write_text("{")
    (run / "timing.jsonl").write_text('{"step": 1, "steps_per_second": 0}\n')
    (run / "samples" / "step_00002000.png").write_bytes(b"\x89PNG broken")
    (run / "samples" / "step_last.png").write_bytes(b"")
    page = Page(write_report(run))
    assert "5 lines of metrics.jsonl could not be read" in page.text
    assert "status.json is not a JSON object" in page.text
    assert "environment.json is not a JSON object" in page.text
    assert "samples/step_00002000.png is not a readable picture" in page.text
    assert "Not finite in 2 rows, first at step 1." in page.text
    records = read_records(run)
    assert sorted(records.metrics) == ["a/b", "evaluation/fd", "generator/loss"]
    assert records.last_step == 3000


def test_markup_in_records_is_text(run):
    write_rows(run, [{"step": 1, "<img src=x>/loss": 1.0}])
    RunFiles(run).describe({}, command="</pre><script>alert(1)</script>")
    page = Page(write_report(run))
    assert len([t for t, _ in page.tags if t == "script"]) == 1
    assert "x" not in page.addresses


def test_time_comes_from_steps_and_rates(run):
    # 100 steps at 10 a second, then 300 at 5: 10 + 60 seconds.
    (run / "timing.jsonl").write_text(
        '{"step": 100, "steps_per_second": 10}\n{"step": 400, "steps_per_second": 5}\n'
    )
    assert "1 min 10 s" in Page(write_report(run)).text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "holds no config.json"),
        ("{", "config.json.*: expected a JSON object"),
        ("[]", "config.json.*: expected a JSON object"),
    ],
)
def test_what_is_no_run_directory(tmp_path, content, says):
    if content is not None:
        RunFiles(tmp_path).describe({})
        RunFiles(tmp_path).config.write_text(content)
    with pytest.raises(BadInput, match=says):
        write_report(tmp_path)
    with pytest.raises(BadInput, match="expected a run directory, found none"):
        write_report(tmp_path / "missing")
