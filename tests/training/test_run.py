"""The files that a run writes, and the programs that it compiles."""

import json
import re

import numpy as np
import pytest
from PIL import Image

import ganjax
from tests.compilations import TRACED, count_compilations
from tests.training.test_resume import train

OPTIONS = {
    "game": "convolutional",
    "steps": 8,
    "log__every": 4,
    "checkpoint__every": 2,
    "checkpoint__keep": 2,
    "samples__every": 4,
    "evaluation__every": 4,
    "evaluation__names": "pixels",
    "evaluation__samples": 100,
    "parallel__inner_steps": 2,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run of four dispatches, and the names of its programs and traces."""
    path = tmp_path_factory.mktemp("runs") / "digits"
    with count_compilations() as compiled, count_compilations(TRACED) as traced:
        digest, _ = train(path, **OPTIONS)
    return path, digest, compiled, traced


def test_the_step_is_traced_and_compiled_once(run):
    _, _, compiled, traced = run
    assert compiled.count("jit(many)") == 1
    assert traced.count("many") == 1


def test_folder_holds_what_a_reader_needs(run):
    path, digest, _, _ = run
    status = json.loads((path / "status.json").read_text())
    assert status["state"] == "finished" and status["step"] == 8
    assert status["state_digest"] == digest and len(digest) == 64
    assert status["carrier"]["devices"] == 1
    assert status["carrier"]["inner_steps"] == 2
    environment = json.loads((path / "environment.json").read_text())
    assert environment["versions"]["jax"] and environment["devices"]
    record = json.loads((path / "run.json").read_text())
    assert record["format"] == 2 and record["ganjax"] == ganjax.__version__
    assert record["overrides"]["parallel.inner_steps"] == "2"
    assert record["command"].startswith("ganjax train --config=")
    assert record["code"] == {"folders": [], "sources": {}}
    assert (
        json.loads((path / "config.json").read_text())["parallel"]["inner_steps"] == 2
    )
    assert "finished at step 8" in (path / "train.log").read_text()
    assert sorted(p.name for p in (path / "samples").iterdir()) == [
        "real.png",
        "step_00000004.png",
        "step_00000008.png",
    ]
    with Image.open(path / "samples/step_00000008.png") as picture:
        assert len(np.unique(picture)) > 1
    report = (path / "report.html").read_text()
    linked = re.findall(r'(?:src|href)="([^"]*)"', report)
    assert linked and all(link.startswith(("data:", "#")) for link in linked)


def test_rows_of_metrics_and_timing(run):
    path, _, _, _ = run
    rows = [json.loads(x) for x in (path / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [4, 4, 8, 8]
    assert {"discriminator/loss", "discriminator/real_accuracy"} <= rows[0].keys()
    assert 0 <= rows[1]["evaluation/coverage"] <= 1
    saved = json.loads((path / "evaluation/00000008.json").read_text())
    scores = {f"evaluation/{name}": x for name, x in saved["scores"].items()}
    assert {"step": 8, **scores} == rows[3]
    assert saved["protocol"]["fake"] == 100 and saved["protocol"]["step"] == 8
    assert saved["directions"]["coverage"] == "higher"
    timing = [json.loads(x) for x in (path / "timing.jsonl").read_text().splitlines()]
    assert [row["step"] for row in timing] == [4, 8]
    assert all(row["images_per_second"] > 0 for row in timing)


def test_tensorboard_has_the_scalars(run):
    path, _, _, _ = run
    (events,) = (path / "tensorboard").glob("events.out.tfevents.*")
    content = events.read_bytes()
    for tag in (b"discriminator/loss", b"evaluation/coverage", b"samples"):
        assert tag in content


def test_checkpoints_are_sealed_and_few(run):
    path, _, _, _ = run
    folder = path / "checkpoints"
    assert sorted(p.name for p in folder.iterdir()) == ["6", "8"]
    manifest = json.loads((folder / "8/manifest.json").read_text())
    there = {
        str(p.relative_to(folder / "8/state"))
        for p in (folder / "8/state").rglob("*")
        if p.is_file()
    }
    assert set(manifest) == there


def test_a_finished_run_is_left_alone(run):
    path, _, _, _ = run

    def files():
        return {
            file: (file.stat().st_mtime_ns, file.read_bytes())
            for file in path.rglob("*")
            if file.is_file()
        }

    before = files()
    train(path, **OPTIONS)
    assert files() == before
