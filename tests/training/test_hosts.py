"""A run over two processes equals a run of one process with the same devices."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.errors import BadInput
from tests import tiny

ROOT = Path(__file__).parents[2]
FIELDS = {"steps": 20, "log.every": 5, "checkpoint.every": 10,
          "parallel.carrier": "shard_map", "parallel.devices": 0}  # fmt: skip


def start(workdir, game, devices, *more, **fields):
    flags = os.environ["XLA_FLAGS"]  # the last value of a flag counts
    flags += f" --xla_force_host_platform_device_count={devices}"
    return subprocess.Popen(
        [sys.executable, "scripts/train.py", f"--config=tests/configs.py:{game}",
         f"--workdir={workdir}", *more]
        + [f"--config.{k}={v}" for k, v in {**FIELDS, **fields}.items()],
        cwd=ROOT, env={**os.environ, "XLA_FLAGS": flags},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def both(workdir, game, **fields):
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    where = (f"--coordinator=localhost:{port}", "--processes=2")
    return [
        start(workdir, game, 1, *where, f"--process={i}", **fields) for i in range(2)
    ]


def ended(*processes):
    said = [process.communicate(timeout=300)[0] for process in processes]
    return [process.returncode for process in processes], "\n".join(said)


def result(workdir):
    status = json.loads((workdir / "status.json").read_text())
    assert status["carrier"]["devices"] == 2
    return status["state_digest"], (workdir / "metrics.jsonl").read_text()


CASES = {
    "resident": ("relativistic", {}),
    "streamed": ("convolutional", {"data.feed": "streamed"}),
}


@pytest.mark.full
@pytest.mark.parametrize("case", ["resident", "streamed"])
def test_two_processes_are_one_with_two_devices(tmp_path, case):
    game, fields = CASES[case]
    codes, said = ended(start(tmp_path / "one", game, 2, **fields))
    assert codes == [0], said
    codes, said = ended(*both(tmp_path / "two", game, **fields))
    assert codes == [0, 0], said
    assert result(tmp_path / "two") == result(tmp_path / "one")
    assert said.count("report: ") == 2


@pytest.mark.full
def test_a_signal_to_either_stops_both_and_they_go_on(tmp_path):
    long = {"steps": 3000, "log.every": 10, "parallel.inner_steps": 10,
            "checkpoint.every": 1000}  # fmt: skip
    codes, said = ended(start(tmp_path / "one", "relativistic", 2, **long))
    assert codes == [0], said
    workdir = tmp_path / "two"
    for stopped in (1, 0):
        pair = both(workdir, "relativistic", **long)
        rows = workdir / "metrics.jsonl"
        before = rows.read_text().count("\n") if rows.exists() else 0
        deadline = time.monotonic() + 120
        while not (rows.exists() and rows.read_text().count("\n") > before + 5):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        pair[stopped].send_signal(signal.SIGTERM)
        codes, said = ended(*pair)
        assert codes == [128 + signal.SIGTERM] * 2, said
    codes, said = ended(*both(workdir, "relativistic", **long))
    assert codes == [0, 0], said
    assert result(workdir) == result(tmp_path / "one")


def test_several_processes_need_all_devices(monkeypatch):
    monkeypatch.setattr("jax.process_count", lambda: 2)
    config = resolve({"batch_size": 8, **tiny.GAMES["gan"]})
    with pytest.raises(BadInput, match="expected 0 and 'shard_map' for the 4 devices"):
        build(config)
