"""Members of one population: what becomes of one is nothing to the others."""

import json

import jax
import pytest

from ganjax.config import resolve
from ganjax.errors import BadInput
from ganjax.evaluation import Evaluation
from ganjax.launch import Trial, launch_population
from tests import tiny

SHORT = {
    "batch_size": 8, "steps": 20, "samples.every": 0, "samples.count": 4,
    "log.every": 10, "checkpoint.every": 10, "parallel.inner_steps": 10,
    "evaluation.names": "modes", "evaluation.every": 10, "evaluation.samples": 100,
}  # fmt: skip


@pytest.mark.parametrize("error", [BadInput("constant features"), KeyError("a bug")])
def test_a_member_that_raises_fails_alone(tmp_path, monkeypatch, error):
    """At step 10 the second of three cannot be scored."""
    run, calls = Evaluation.run, []

    def second_raises(self, state):
        calls.append(int(state.step))
        if calls.count(10) == 2 and calls[-1] == 10:
            raise error
        return run(self, state)

    monkeypatch.setattr(Evaluation, "run", second_raises)
    trials = [
        Trial(resolve(tiny.GAMES["gan"], SHORT | {"seed": seed}), tmp_path / str(seed))
        for seed in range(3)
    ]
    statuses = launch_population(
        trials, population="serial", devices=jax.local_devices()[:1]
    )
    assert [s["state"] for s in statuses] == ["finished", "failed", "finished"]
    assert statuses[1]["step"] == 10 and statuses[1]["exit_reason"] == str(error)
    assert calls == [10, 10, 10, 20, 20]
    rows = [
        json.loads(line)["step"]
        for line in (tmp_path / "2" / "metrics.jsonl").read_text().splitlines()
    ]
    assert set(rows) == {10, 20}
