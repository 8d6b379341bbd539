"""Fuzzing: the inputs to start from, what counts as a crash, and the figures."""

import dataclasses
import importlib.util
import os

import numpy as np
import pytest

from benchmarks.fuzz import session
from benchmarks.fuzz.judge import Judge
from benchmarks.fuzz.targets import TARGETS, torch_pickle
from ganjax.errors import BadInput
from tests.commands import exit_code

NUMBERS = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_read_and_cut_ones_are_refused(tmp_path, name):
    judge = Judge(TARGETS[name], tmp_path)
    seeds = TARGETS[name].seeds()
    assert all(map(judge.read, seeds))
    assert not any(judge.read(seed[: len(seed) // 2]) for seed in seeds)


def test_a_seed_holds_the_tensors_of_its_pickle(tmp_path):
    target = TARGETS["torch_pickle"]
    view = {"a": ("FloatStorage", "0", 12, 0, (3, 4), (4, 1))}
    path = tmp_path / "x.pth"
    path.write_bytes(target.packed(torch_pickle(view)))
    np.testing.assert_array_equal(target.read(path)["a"], NUMBERS)


def test_what_a_reader_must_not_do_is_noticed(tmp_path):
    def read(path):
        content = path.read_bytes()
        if content == b"runs":
            os.system("true")
        if content == b"writes":
            (tmp_path / "new").write_text("x")
        if content == b"two lines":
            raise BadInput("a\nb")
        if content == b"a bug":
            raise KeyError(content)
        if content == b"refused":
            raise BadInput("refused")
        return content

    def same(content, found):
        assert content == found and content != b"misread"

    judge = Judge(dataclasses.replace(TARGETS["idx"], read=read, check=same), tmp_path)
    judge.watch()
    assert judge.read(b"fine") and not judge.read(b"refused")
    for content, says in (
        (b"runs", "os.system"), (b"writes", "open"), (b"two lines", "one plain line"),
        (b"misread", "misread"),
    ):  # fmt: skip
        with pytest.raises(AssertionError, match=says):
            judge.read(content)
    with pytest.raises(KeyError):
        judge.read(b"a bug")
    assert judge.read(b"fine")


def test_a_process_that_dies_is_started_again(tmp_path, monkeypatch):
    """The first process ends at an input that takes too long, the second in time."""
    clock = iter([0.0, 0.0, 60.0, 600.0, 600.0])
    monkeypatch.setattr(session.time, "monotonic", lambda: next(clock))
    folder = tmp_path / "idx"
    outputs = iter(
        [
            (70, "#7 NEW cov: 3 ft: 4 corp: 5/9b\n#40 pulse cov: 6 ft: 7 corp: 8/9b\n"),
            (0, ""),  # the slow input again, and it is fast
            (0, "#60 DONE cov: 5 ft: 9 corp: 9/9b\nstat::peak_rss_mb: 321\n"),
        ]
    )

    def child(target, where, options, what):
        assert where == folder
        if (folder / "libfuzzer.log").exists() is False and what.name == "corpus":
            (folder / "crashes/timeout-1").write_bytes(b"slow")
            (folder / "crashes/error-1").write_bytes(b"wrong")
            (folder / "crashes/error-1.txt").write_text("a traceback")
        return next(outputs)

    monkeypatch.setattr(session, "_child", child)
    found = session.fuzz(TARGETS["idx"], 600, folder, 1024)
    assert found == session.Figures(
        executions=100, seconds=600.0, coverage=6, features=9, corpus=9, peak=321,
        crashes=1,
    )  # fmt: skip
    assert len(list((folder / "corpus").iterdir())) == 8  # the seeds


def test_wrong_flags_are_one_line(monkeypatch, capsys):
    assert exit_code(monkeypatch, "fuzz.py", "--targets=ids") == 2
    assert "--targets='ids'" in capsys.readouterr().err
    assert exit_code(monkeypatch, "fuzz.py", "--seconds=1") == 2
    assert exit_code(monkeypatch, "fuzz.py", "--list") == 0
    assert [x.split()[0] for x in capsys.readouterr().out.splitlines()] == [*TARGETS]


@pytest.mark.skipif(bool(importlib.util.find_spec("atheris")), reason="atheris is here")
def test_without_atheris_it_is_named(monkeypatch, capsys):
    assert exit_code(monkeypatch, "fuzz.py") == 2
    assert "pip install atheris" in capsys.readouterr().err


@pytest.mark.full
def test_a_target_is_fuzzed(tmp_path, monkeypatch, capsys):
    pytest.importorskip("atheris")
    given = ["--targets=idx", "--seconds=5", f"--work={tmp_path}"]
    assert exit_code(monkeypatch, "fuzz.py", *given) == 0
    assert "all: " in capsys.readouterr().out.splitlines()[-1]
