"""Which trials run together, for given costs of a population."""

import pytest

from ganjax.space import grid, product, seeds
from ganjax.sweeps import planner
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.sweep import Sweep
from tests import tiny

RATE = "optimizers.generator.learning_rate"


@pytest.fixture
def planned(tmp_path, monkeypatch):
    """``(space, options) -> (groups, messages, measured)``; a member takes 1 GB."""
    measured = []

    def measure(folder, group, ways, cores):
        measured.append(len(group))
        way = ways[0] if ways else "vmap"
        row = {"seconds": 1.0, "bytes": 1e9 * len(group), "memory": 100e9}
        return {"members": len(group), "population": way, "measured": {way: row}}

    monkeypatch.setattr(planner, "_measure", measure)

    def plan(space, **options):
        stated = {"batch_size": 8, **tiny.GAMES["gan"]}
        sweep = Sweep(stated, space, say=pytest.fail)
        folder, said = SweepFolder(tmp_path), []
        folder.register(sweep.base, sweep.trials, sweep.commands(folder.path))
        groups = planner.plan(folder, sweep.trials, say=said.append, **options)
        assert folder.groups == groups
        return groups, said, measured

    return plan


LOSSES = grid({"loss.name": ("hinge", "wasserstein")})


def test_what_does_not_fit_is_split_evenly_and_told(planned):
    # 0.8 of 5 GB may be used. This fits 4 members, so 10 members are 3 populations.
    groups, said, _ = planned(seeds(10), memory=5e9)
    assert [len(group.trials) for group in groups] == [4, 3, 3]
    assert len({trial for group in groups for trial in group.trials}) == 10
    assert said[-1].endswith("do not fit on one device: they run as 3 populations")
    assert said[-1].startswith("10 trials of gan of mlp, mlp")


def test_the_largest_of_a_kind_is_measured_for_all(planned):
    groups, _, measured = planned([*product(LOSSES[:1], seeds(2)), *product(
        LOSSES[1:], seeds(3))])  # fmt: skip
    assert [group.population for group in groups] == ["vmap", "vmap"]
    assert measured == [3]


def test_a_plan_is_added_to(planned):
    first, *_ = planned(product(LOSSES, seeds(2)), population="map")
    more, *_ = planned(product(LOSSES, seeds(3)), population="vmap")
    assert more[: len(first)] == first
    # One more seed of each loss: each new trial is alone in its program.
    assert [g.population for g in more[len(first) :]] == ["alone", "alone"]
    assert {g.name for g in more} == {f"group{i:03}" for i in range(4)}


def test_members_spread_over_the_accelerators_that_groups_leave(planned):
    groups, *_ = planned(product(LOSSES, seeds(6)), accelerators=8)
    # Each of two groups could have four devices. Six members can use three of them.
    assert [group.devices for group in groups] == [3, 3]


def test_trials_alone_are_not_measured(planned):
    groups, said, measured = planned(seeds(3), population="alone")
    assert [group.population for group in groups] == ["alone"] * 3
    assert not said and not measured


def test_what_a_measurement_died_of_is_told():
    died = "Traceback (most recent call last):\n  ...\nValueError: no such thing\n---\n"
    assert (
        planner._error(died + "For simplicity, JAX has …")
        == "ValueError: no such thing"
    )
    assert planner._error("error: data.dir=''\n") == "error: data.dir=''"
    assert planner._error("Killed\n") == "Killed"
