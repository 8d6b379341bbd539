"""Trials resolved by what differs are the trials that the full config gives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganjax.config import knobs, resolve
from ganjax.errors import BadInput
from ganjax.space import grid, product, seeds
from ganjax.sweeps import differences
from ganjax.sweeps.differences import Differences, with_values
from ganjax.sweeps.groups import grouped, structure
from ganjax.sweeps.trials import swept, trial_id
from tests import tiny

RATE = "optimizers.generator.learning_rate"
STATED = {
    "batch_size": 8,
    **tiny.GAMES["gan"],
    "schedules": {"decay": {"knobs": "optimizers.*.learning_rate", "end": 1e-5}},
    "terms": {"ours": {"name": "feature_matching", "weight": 0.5}},
}
OVERRIDES = {RATE: "0.01"}
# Valid and invalid texts of fields that depend on each other.
TEXTS = {
    "seed": ("0", "3", "2.0", "-1", "x", "4294967296"),
    RATE: ("0", "0.001", "1e-3", "-0.0", "-1", "nan", "1e39", "fast"),
    "optimizers.discriminator.learning_rate": ("0", "0.002"),
    "optimizers.generator.lerning_rate": ("1",),
    "loss.smoothing": ("0", "0.1", "1"),
    "loss.top_k": ("1", "0.5", "0"),
    "loss.name": ("hinge", "wasserstein", "hinj"),
    "regularizers.r1.weight": ("0", "-0.0", "0.5", "1"),
    "networks.generator.name": ("mlp", "progressive", "dcgan"),
    "schedules.decay.end": ("0", "0.1", "-1"),
    "schedules.more.knobs": (RATE, "ema.decay", "ema.dekay"),
    "terms.ours.name": ("path_length", "feature_matching", "nothing"),
    "terms.ours.weight": ("0", "2"),
    "augmentation.noise": ("0", "0.5"),
    "kimg": ("0", "0.08"),
    "steps": ("20", "7", "none"),
    "packing": ("1", "2"),
    "batch_size": ("8", "9"),
    "sampling.truncation": ("0", "0.5"),
}
# Fields that contradict each other for some values of a number.
TOGETHER = (
    {},
    {
        "schedules.decay.knobs": ("augmentation.target",),
        "schedules.decay.shape": ("exponential",),
        "schedules.decay.end": ("0.1",),
        "augmentation.target": ("-0.5", "0", "0.5"),
    },
    {"schedules.decay.shape": ("exponential",), RATE: ("0", "0.1", "0.2")},
    {
        "networks.discriminator.normalization": ("batch",),
        "regularizers.r1.weight": ("0", "-0.0", "0.5", "1"),
    },
    {"loss.name": ("relativistic_average",), "loss.top_k": ("1", "0.5", "0.2")},
    {"game": ("conditional_gan",), "conditioning.weight": ("0", "1"), RATE: ("0.1",)},
    {"game": ("infogan",), "weights.category": ("0", "1", "-1")},
    {"terms.mine.name": ("latent_diversity",), "terms.mine.weight": ("0", "1")},
    {"terms.mine.weight": ("0", "1")},
)


def texts(fields):
    return st.fixed_dictionaries({x: st.sampled_from(y) for x, y in fields.items()})


SOME = st.lists(st.sampled_from(sorted(TEXTS)), max_size=2, unique=True)
POINTS = st.tuples(
    st.sampled_from(TOGETHER).flatmap(texts),
    SOME.flatmap(lambda paths: texts({x: TEXTS[x] for x in paths})),
).map(lambda parts: parts[1] | parts[0])


def outcome(call):
    """The result of a call, or its refusal in words."""
    try:
        return call()
    except BadInput as refusal:
        return str(refusal)


# It is shared, so every point meets what the points before it left.
BY_DIFFERENCES = Differences(STATED, OVERRIDES)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(POINTS)
def test_any_point_is_resolved_as_if_it_were_the_only_one(point):
    whole = outcome(lambda: resolve(STATED, OVERRIDES | point))
    found = outcome(lambda: BY_DIFFERENCES(point))
    if isinstance(whole, str) or isinstance(found, str):
        assert found == whole
        return
    base, values = found
    config = with_values(base, values)
    assert config == whole and config.is_locked
    assert structure(base) == structure(whole)
    (trial,) = swept(STATED, [point], OVERRIDES, say=str)
    assert trial.id == trial_id(whole, lengths=bool({"steps", "kimg"} & set(point)))
    assert knobs(trial.config) == knobs(whole)


def test_an_override_counts_only_for_points_that_do_not_replace_it():
    trials = swept(STATED, [{RATE: "0.5"}], {RATE: "fast"}, say=str)
    assert trials[0].config.optimizers.generator.learning_rate == 0.5
    with pytest.raises(BadInput, match=f"trial 1 .*{RATE}='fast': expected float"):
        swept(STATED, [{RATE: "0.5"}, {"seed": 1}], {RATE: "fast"}, say=str)


def test_numbers_cost_no_config(monkeypatch):
    """Of 40 trials with two losses and a penalty that is on or off, four are resolved
    as a whole."""
    whole = []

    def counted(*given):
        whole.append(given)
        return resolve(*given)

    monkeypatch.setattr(differences, "resolve", counted)
    axes = {
        "loss.name": ("hinge", "wasserstein"),
        "regularizers.r1.weight": (0.0, 0.1, 1.0, 10.0, 100.0),
    }
    trials = swept(tiny.GAMES["gan"], product(grid(axes), seeds(4)))
    assert len({trial.id for trial in trials}) == 40
    assert len(whole) == len({id(trial.base) for trial in trials}) == 4
    assert [len(group) for group in grouped(trials)] == [4, 16, 4, 16]
    one = trials[30]
    assert one.config.regularizers.r1.weight == 1.0 and one.config.seed == 2
    assert one.config is not one.config, "a change of one reaches no other"
