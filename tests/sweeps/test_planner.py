"""Which trials run together, for given costs of a population."""

import pytest

from ganjax.space import grid, product, seeds
from ganjax.sweeps import planner
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.sweep import Sweep
from tests import tiny


@pytest.fixture
def planned(tmp_path, monkeypatch):
    """``(space, options) -> (groups, messages, asked)``; a member takes 1 GB."""
    asked = []

    def chosen(folder, kind, *, population, **options):
        asked.append((len(kind.group), kind.count))
        way = "vmap" if population == "auto" else population
        return {"population": way, "bytes": 1e9, "shared": 1e9, "memory": 100e9}

    monkeypatch.setattr(planner, "chosen", chosen)

    def plan(space, **options):
        stated = {"batch_size": 8, **tiny.GAMES["gan"]}
        sweep = Sweep(stated, space, say=pytest.fail)
        folder, said = SweepFolder(tmp_path), []
        folder.register(sweep.base, sweep.trials, sweep.commands(folder.path))
        groups = planner.plan(folder, sweep.trials, say=said.append, **options)
        assert folder.groups == groups
        return groups, said, asked

    return plan


LOSSES = grid({"loss.name": ("hinge", "wasserstein")})


def test_what_does_not_fit_is_split_evenly_and_told(planned):
    # 0.8 of 6.5 GB may be used, and 1 GB of it is for the data. This fits 4 members, so
    # 10 members are 3 populations.
    groups, said, _ = planned(seeds(10), memory=6.5e9)
    assert [len(group.trials) for group in groups] == [4, 3, 3]
    assert len({trial for group in groups for trial in group.trials}) == 10
    assert said[-1].startswith("10 trials of gan of mlp, mlp")
    assert said[-1].endswith("run as 3 populations of at most 4")


def test_the_largest_of_a_kind_is_asked_for_all(planned):
    groups, _, asked = planned([*product(LOSSES[:1], seeds(2)), *product(
        LOSSES[1:], seeds(3))])  # fmt: skip
    assert [group.population for group in groups] == ["vmap", "vmap"]
    assert asked == [(3, 5)]


def test_a_plan_is_added_to(planned):
    first, *_ = planned(product(LOSSES, seeds(2)), population="map")
    more, *_ = planned(product(LOSSES, seeds(3)), population="vmap")
    assert more[: len(first)] == first
    # One more seed of each loss: each new trial is alone in its program.
    assert [g.population for g in more[len(first) :]] == ["alone", "alone"]
    assert {g.name for g in more} == {f"group{i:03}" for i in range(4)}


def test_a_way_that_is_stated_later_is_taken_for_the_trials_that_are_new(planned):
    planned(seeds(2), population="map")
    groups, *_ = planned(seeds(4), population="vmap")
    assert [group.population for group in groups] == ["map", "vmap"]
    groups, _, asked = planned(seeds(6))
    assert [group.population for group in groups] == ["map", "vmap", "vmap"]
    assert len(asked) == 2


def test_members_spread_over_the_accelerators_that_groups_leave(planned):
    groups, *_ = planned(product(LOSSES, seeds(6)), accelerators=8)
    # Each of two groups could have four devices. Six members can use three of them.
    assert [group.devices for group in groups] == [3, 3]


def test_trials_alone_are_not_measured(planned):
    groups, said, asked = planned(seeds(3), population="alone")
    assert [group.population for group in groups] == ["alone"] * 3
    assert not said and not asked
