"""What is measured before trials run together, and which carrier is chosen."""

import json
import os
from types import SimpleNamespace

import pytest

from ganjax import runtime
from ganjax.errors import BadInput
from ganjax.space import grid, product, seeds
from ganjax.sweeps import carriers, measure, measured, planner
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.sweep import Sweep
from tests import tiny


class Machine:
    """Measurements of a made-up machine. A member takes 1 MB of 100 GB, a step takes
    1 ms with map and 0.5 ms with vmap, and a measurement takes 30 s."""

    def __init__(self):
        self.seconds = {"map": 1e-3, "vmap": 5e-4, "serial": 1e-3}
        self.calls, self.limits, self.clock = [], [], 0.0

    def __call__(self, folder, trials, way, cores, limit):
        self.calls.append((len(trials), way))
        self.limits.append(limit)
        self.clock += min(30.0, limit)
        if limit < 30 or way not in self.seconds:
            if limit < 30:
                return None
            raise BadInput("out of memory")
        row = {"bytes": 1e6, "shared": 0, "memory": 100e9}
        return row | {"seconds": self.seconds[way]}


@pytest.fixture
def machine(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    made = Machine()
    monkeypatch.setattr(carriers, "_measure", made)
    clock = SimpleNamespace(monotonic=lambda: made.clock)
    monkeypatch.setattr(carriers, "time", clock)
    return made


@pytest.fixture
def planned(tmp_path):
    """``(space, stated, options) -> (groups, plan.json, messages)``, each time in a new
    folder."""
    folders = iter(range(100))

    def plan(space, stated=None, **options):
        config = {"batch_size": 8, **tiny.GAMES["gan"], **(stated or {})}
        sweep = Sweep(config, space, say=pytest.fail)
        folder, said = SweepFolder(tmp_path / f"sweep{next(folders)}"), []
        folder.register(sweep.base, sweep.trials, sweep.commands(folder.path))
        groups = planner.plan(folder, sweep.trials, say=said.append, **options)
        written = json.loads((folder.path / "plan.json").read_text())
        return groups, written["carriers"], said

    return plan


LONG = {"steps": 10**7}


def only(carriers):
    (found,) = carriers.values()
    return found


def test_a_short_sweep_measures_nothing(planned, machine):
    groups, found, said = planned(seeds(8), {"steps": 1000})
    assert machine.calls == []
    assert [group.population for group in groups] == ["map"]
    assert only(found)["because"] == carriers.TOO_LONG
    assert len(said) == 1 and "8 trials of gan of mlp, mlp" in said[0]
    assert said[0].endswith(f"run by map: {carriers.TOO_LONG}")


def test_measurements_take_a_twentieth_of_a_long_sweep(planned, machine):
    """64 trials of 10 million steps, two processes at a time: 32,000 s with the least
    time of a step, 0.1 ms, and 320,000 s with the measured 1 ms."""
    groups, found, said = planned(seeds(64), LONG)
    assert machine.calls == [(4, "map"), (64, "vmap")]
    assert machine.limits == pytest.approx([1600, 16_000 - 30])
    assert [group.population for group in groups] == ["vmap"]
    assert only(found)["measured"]["map"]["took"] == 30
    assert said[-1].endswith("run by vmap: the faster of map and vmap")


@pytest.mark.parametrize(
    ("steps", "seconds", "calls"),
    [
        # 0.05 · 64 · 400,000 · 0.1 ms / 2 = 64 s for map, which takes 30 s. Then 64 s
        # minus 30 s is enough for as long a measurement, and 0.05 · … minus 30 s is not
        # if a step takes less.
        (400_000, 1e-4, [(4, "map"), (64, "vmap")]),
        (400_000, 0.9e-4, [(4, "map")]),
        # 16 s: the measurement of map is stopped.
        (100_000, 1e-4, [(4, "map")]),
        # 8 s: nothing begins.
        (50_000, 1e-4, []),
    ],
)
def test_no_measurement_begins_that_would_take_more(
    planned, machine, steps, seconds, calls
):
    machine.seconds["map"] = seconds
    groups, found, _ = planned(seeds(64), {"steps": steps})
    assert machine.calls == calls
    if len(calls) < 2:
        assert only(found)["because"] == carriers.TOO_LONG
        assert [group.population for group in groups] == ["map"]
    assert machine.clock <= max(0.05 * 64 * steps * 1e-4 / 2, 0)


def test_a_program_is_measured_only_the_first_time(planned, machine, monkeypatch):
    planned(seeds(64), LONG)
    assert len(machine.calls) == 2
    # Other seeds, other numbers and another length, on the same machine.
    rates = grid({"optimizers.generator.learning_rate": (1e-3, 2e-3)})
    groups, found, said = planned(product(rates, seeds(20)), {"steps": 2 * 10**7})
    assert len(machine.calls) == 2 and only(found)["measured"]["vmap"]
    assert [group.population for group in groups] == ["vmap"]
    planned(seeds(64), LONG | {"latents": {"size": 5}})  # another structure
    assert len(machine.calls) == 4
    planned(seeds(3), LONG | {"steps": 10**9})  # far fewer members
    assert machine.calls[4:] == [(3, "map"), (3, "vmap")]
    monkeypatch.setattr(measured, "machine", lambda *_: "another machine")
    planned(seeds(64), LONG)
    assert len(machine.calls) == 8
    (runtime.cache_folder() / "measured.json").unlink()
    planned(seeds(64), LONG)
    assert len(machine.calls) == 10


def test_what_is_stated_is_not_measured_on_a_cpu(planned, machine):
    for way in ("vmap", "map", "serial"):
        groups, found, said = planned(seeds(8), LONG, population=way)
        assert [group.population for group in groups] == [way]
        assert only(found)["because"] == carriers.STATED and not said
    assert machine.calls == []


def test_convolutional_networks_on_a_cpu_need_no_measurement(planned, machine):
    convolutional = LONG | tiny.GAMES["convolutional"]
    lazy = {"regularizers": {"r1": {"weight": 0.1, "interval": 3}}}
    for options, way in (({}, "map"), (lazy, "serial")):
        groups, found, said = planned(seeds(3), convolutional | options)
        assert [group.population for group in groups] == [way]
        assert machine.calls == [] and "convolutional" in only(found)["because"]
        assert len(said) == 1 and f"run by {way}" in said[0]


def test_memory_of_an_accelerator_is_measured_with_few_trials(
    planned, machine, monkeypatch
):
    monkeypatch.setattr(measured, "machine", lambda *_: "a GPU")
    short = {"steps": 1000}
    for way in ("auto", "vmap", "vmap"):
        _, found, _ = planned(seeds(8), short, population=way, accelerators=1)
        assert only(found)["bytes"] == 1e6 and only(found)["memory"] == 100e9
    assert machine.calls == [(4, "map"), (4, "vmap")]
    # How fast 4 trials are with vmap is not how fast 8 are.
    planned(seeds(8), LONG, accelerators=1)
    assert machine.calls[2:] == [(8, "vmap")]


def test_a_program_that_fails_under_vmap_runs_by_map(planned, machine):
    del machine.seconds["vmap"]
    groups, found, _ = planned(seeds(8), LONG, accelerators=1)
    assert [group.population for group in groups] == ["map"]
    assert only(found)["because"] == "vmap cannot be measured: out of memory"
    del machine.seconds["map"]
    with pytest.raises(BadInput, match="measured: out of memory; --population=alone"):
        planned(seeds(8), LONG, accelerators=1)


def test_populations_on_a_cpu_have_at_most_64_members(planned, machine):
    groups, _, said = planned(seeds(130), population="map")
    assert [len(group.trials) for group in groups] == [44, 43, 43]
    assert said[-1].endswith("run as 3 populations of at most 44")
    groups, _, _ = planned(seeds(130), population="map", accelerators=1, memory=1e12)
    assert [len(group.trials) for group in groups] == [130]


def test_vmap_must_be_worth_it():
    rows = {"map": {"seconds": 1.0}, "vmap": {"seconds": 0.95}}
    assert carriers.fastest(rows) == "map"
    rows["vmap"]["seconds"] = 0.90
    assert carriers.fastest(rows) == "vmap"


def test_what_a_measurement_died_of_is_told():
    died = "Traceback (most recent call last):\n  ...\nValueError: no such thing\n---\n"
    assert (
        carriers._error(died + "For simplicity, JAX has …")
        == "ValueError: no such thing"
    )
    assert carriers._error("error: data.dir=''\n") == "error: data.dir=''"
    assert carriers._error("Killed\n") == "Killed"


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"KEY": 3}', '{"KEY": {"measured": [1]}}',
             '{"KEY": {"measured": {"map": {"seconds": "fast"}}}}'],
)  # fmt: skip
def test_damaged_measurements_are_made_again(planned, machine, text):
    planned(seeds(64), LONG)
    kept = runtime.cache_folder() / "measured.json"
    (key,) = json.loads(kept.read_text())
    kept.write_text(text.replace("KEY", key))
    planned(seeds(64), LONG)
    assert len(machine.calls) == 4 and key in json.loads(kept.read_text())


def test_a_measurement_ends_with_the_process_that_started_it(tmp_path, monkeypatch):
    """The first argument of ``end_with`` is the id of that process."""
    folder, kept = SweepFolder(tmp_path), []

    class Ended(Exception):
        pass

    def run(command, **options):
        measure.main(command[3:])

    def end_with(parent):
        kept.append(parent)
        raise Ended

    monkeypatch.setattr(carriers.subprocess, "run", run)
    monkeypatch.setattr(measure, "end_with", end_with)
    with pytest.raises(Ended):
        carriers._measure(folder, [], "map", (), 1.0)
    assert kept == [os.getpid()]
