"""Evaluators and measures from a user's module, and errors in them."""

import textwrap
import traceback

import jax
import numpy as np
import pytest

from ganjax import names
from ganjax.core import init_state
from ganjax.errors import BadInput
from ganjax.evaluation import Evaluation, EvaluationData
from tests import tiny

SCORES = """
    import numpy as np
    from ganjax.errors import Uncomputable
    from ganjax.evaluation import measure


    @measure(higher=("spread",), neither=("spread_low",))
    def spread(real, other):
        yield "spread", np.std(other.features)
        yield "spread_low", 0.0


    class Largest:
        lower = ("largest",)

        def __init__(self, evaluation_data):
            self.evaluation_data = evaluation_data

        def run(self, model):
            yield "largest", np.abs(self.evaluation_data.fake(model).data).max()


    @measure()
    def wrong(real, other):
        yield "wrong", np.ones(3) @ np.ones(2)


    @measure()
    def unable(real, other):
        raise Uncomputable("nothing to compare")
        yield


    def function(evaluation_data):
        return Largest(evaluation_data)
"""


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    (folder / "outside_scores.py").write_text(textwrap.dedent(SCORES))
    names.beside(folder)
    setup = tiny.setup("gan")
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    evaluation_data = EvaluationData(setup.sampler, setup.source, samples=100, seed=0)

    def made(*own):
        paths = [f"outside_scores:{name}" for name in own]
        return (
            Evaluation(evaluation_data, paths, setup.model),
            evaluation_data,
            state,
            setup,
        )

    return made


def test_a_measure_and_an_evaluator_by_their_paths(evaluation):
    made, evaluation_data, state, setup = evaluation("spread", "Largest")
    found = made.run(state)
    fake = setup.model(state)
    assert found["spread_points_100"] == pytest.approx(
        np.std(evaluation_data.fake(fake).data)
    )
    held_out = np.std(evaluation_data.test.first(100).data)
    assert found["spread_points_100_floor"] == pytest.approx(held_out)
    assert found["largest"] == np.abs(evaluation_data.fake(fake).data).max()
    directions = {name: made.direction(name) for name in found}
    assert directions == {
        "spread_points_100": "higher",
        "spread_low_points_100": None,
        "spread_points_100_floor": None,
        "spread_low_points_100_floor": None,
        "largest": "lower",
    }
    assert made.direction("fd_points_100") is None


def test_a_bug_keeps_its_traceback(evaluation):
    made, _, state, _ = evaluation("wrong")
    with pytest.raises(ValueError, match="matmul") as caught:
        made.run(state)
    assert not isinstance(caught.value, BadInput)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert frames[-1].filename.endswith("outside_scores.py")
    assert "np.ones(3) @ np.ones(2)" in frames[-1].line


def test_what_cannot_be_computed_is_bad_input(evaluation):
    made, _, state, _ = evaluation("unable")
    with pytest.raises(BadInput, match="'outside_scores:unable': nothing to compare$"):
        made.run(state)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("function", "expected an evaluator's class or a Measure, found function"),
        ("sprad", "there is no sprad in outside_scores; did you mean 'spread'"),
    ],
)
def test_what_is_no_evaluator_is_refused(evaluation, name, said):
    with pytest.raises(BadInput, match=f"^evaluation.names='outside.*{said}"):
        evaluation(name)
