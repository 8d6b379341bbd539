"""From a space to trials and groups, without running anything."""

import pytest

from ganjax.config import resolve
from ganjax.errors import BadInput
from ganjax.options import Option
from ganjax.space import grid, product, seeds
from ganjax.sweeps import trials
from ganjax.sweeps.groups import grouped, runs_separately, structure
from ganjax.sweeps.trials import swept, trial_id
from tests import tiny

STATED = {"batch_size": 8, **tiny.GAMES["gan"]}
RATE = "optimizers.generator.learning_rate"


def points(group):
    return [trial.point for trial in group]


def test_a_trial_is_named_by_what_differs_from_the_defaults():
    (one,) = swept(STATED, [{"seed": 3}])
    assert one.id == trial_id(resolve(STATED, {"seed": "3"}))
    assert one.config.seed == 3
    (same,) = swept({**STATED, "seed": 3}, [{}])
    assert same.id == one.id
    (default,) = swept({**STATED, "seed": 3, "ema": {"decay": 0.999}}, [{}])
    assert default.id == one.id, "a stated default is a default"
    (other,) = swept(STATED, [{"seed": 4}])
    assert other.id != one.id


NAMES = (
    ([{}], ["cfabfdfe048d"]),
    ([{"seed": 3}], ["5d763b1b5cc2"]),
    ([{RATE: 1e-3, "seed": 1}], ["980d6476065c"]),
    ([{RATE: "0.0003", "regularizers.r1.weight": 1}], ["78faf7ccada8"]),
    ([{"steps": 7}, {"steps": 9}], ["45b85dac3e91", "f5cf5b177e80"]),
    ([{"loss.name": "wasserstein", "loss.top_k": 0.5}], ["f15f523f692d"]),
    (
        [{"terms.ours.name": "feature_matching", "terms.ours.weight": 2}],
        ["c820efee1642"],
    ),
)


@pytest.mark.parametrize(("space", "expected"), NAMES)
def test_names_of_trials_in_folders_that_exist(space, expected):
    """Version 0.1.0 gave these names, before trials were resolved by differences."""
    assert [trial.id for trial in swept(STATED, space)] == expected


def test_a_field_that_is_new_keeps_the_names_of_trials(monkeypatch):
    (before,) = swept(STATED, [{"seed": 3}])
    declared = trials.declared

    def newer(flat):
        return {**declared(flat), "log.new": Option(5)}

    monkeypatch.setattr(trials, "declared", newer)
    config = before.config.copy_and_resolve_references().unlock()
    config.log.new = 5
    assert trial_id(config) == before.id
    config.log.new = 6
    assert trial_id(config) != before.id


def test_the_length_counts_where_a_sweep_varies_it():
    (one,) = swept(STATED, [{"seed": 3}])
    (longer,) = swept(STATED, [{"seed": 3}], {"steps": "7"})
    assert longer.id == one.id and longer.config.steps == 7
    lengths = swept(STATED, [{"steps": 5}, {"steps": 7}])
    assert len({trial.id for trial in lengths}) == 2


def test_what_the_points_set_is_said_to_count_more():
    said = []
    swept(STATED, [{"seed": 3}, {"seed": 4}], {"seed": "7", "steps": "7"}, said.append)
    assert said == ["seed=7 applies only to trials that do not set seed"]
    with pytest.raises(BadInput, match="expected a list of dicts, .*it returns No"):
        swept(STATED, None)


def test_a_wrong_field_of_one_trial_in_many_is_named():
    space = product(grid({RATE: (1e-3, 2e-3)}), seeds(100))
    space[150] = {"optimizers.generator.lerning_rate": 1e-3, "seed": 5}
    with pytest.raises(BadInput) as caught:
        swept(STATED, space)
    said = str(caught.value)
    assert said.startswith(
        "trial 150 (optimizers.generator.lerning_rate=0.001, seed=5)"
    )
    assert "did you mean 'optimizers.generator.learning_rate'?" in said
    with pytest.raises(BadInput, match="trial 1 .*loss.name='hinj'.*'hinge'"):
        swept(STATED, grid({"loss.name": ("hinge", "hinj")}))
    with pytest.raises(BadInput, match="at least one trial"):
        swept(STATED, [])
    with pytest.raises(BadInput, match="trial 0: 3: expected a dict, field -> value"):
        swept(STATED, [3])


def test_equal_trials_are_one_and_told_of():
    said = []
    found = swept(STATED, [{"seed": 0}, {"seed": 1}, {}, {"seed": 1}], say=said.append)
    assert points(found) == [{"seed": "0"}, {"seed": "1"}]
    assert (
        len(said) == 2
        and said[1] == "trial 3 (seed=1) equals trial 1 (seed=1) and is skipped"
    )


def test_seeds_and_numbers_share_a_program_and_structure_does_not():
    space = product(
        grid({"loss.name": ("hinge", "wasserstein"), RATE: (1e-3, 2e-3)}), seeds(2)
    )
    groups = grouped(swept(STATED, space))
    assert [len(group) for group in groups] == [4, 4]
    assert {t.config.loss.name for t in groups[0]} == {"hinge"}


def test_a_term_that_is_left_out_is_another_program():
    weight = "regularizers.r1.weight"
    groups = grouped(swept(STATED, grid({weight: (0.0, 0.1, 1.0)})))
    assert [points(group) for group in groups] == [
        [{weight: "0.0"}],
        [{weight: "0.1"}, {weight: "1.0"}],
    ]
    # Top-k is off for a share of 1 (all samples), not for a share of 0.
    share = "loss.top_k"
    groups = grouped(swept(STATED, grid({share: (1.0, 0.5, 0.25)})))
    assert [len(group) for group in groups] == [1, 2]


@pytest.mark.parametrize(
    "field", ["steps", "batch_size", "networks.generator.widths", "ema.decay", "seed"]
)
def test_what_decides_a_program(field):
    value = {"networks.generator.widths": "8", "ema.decay": "0.5"}.get(field, "24")
    one, other = resolve(STATED), resolve(STATED, {field: value})
    same = field in ("ema.decay", "seed")
    assert (structure(one) == structure(other)) is same


def test_what_no_population_can_do_runs_alone():
    assert not runs_separately(resolve(STATED))
    assert runs_separately(resolve(STATED, {"parallel.devices": "2"}))
    images = {"batch_size": 8, **tiny.GAMES["convolutional"]}
    assert runs_separately(resolve(images, {"data.feed": "streamed"}))
    assert runs_separately(resolve(STATED, {"on_nonfinite": "rollback"}))
    assert not runs_separately(resolve(STATED, {"on_nonfinite": "skip"}))
