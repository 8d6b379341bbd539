"""Values of schedules at the start, in between, and after the end."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.core import compile_step, init_state, make_train_step
from ganjax.schedules import SHAPES, Schedule, scheduled
from tests import tiny


@pytest.mark.parametrize(
    ("shape", "quarter"),
    [
        ("linear", 8 - 6 * 0.25),
        ("cosine", 2 + 6 * (1 + np.cos(np.pi / 4)) / 2),
        ("exponential", 8 * (1 / 4) ** 0.25),
        ("sudden", 8.0),
    ],
)
def test_from_8_to_2_in_40_steps_after_the_tenth(shape, quarter):
    schedule = Schedule(("rate",), SHAPES[shape], end=2.0, begin=10, steps=40)
    for step, expected in ((0, 8), (10, 8), (20, quarter), (50, 2), (1000, 2)):
        found = scheduled((schedule,), {"rate": 8.0, "other": 1.0}, jnp.array(step))
        np.testing.assert_allclose(found["rate"], expected, rtol=1e-6)
        assert found["other"] == 1.0


def test_a_step_descends_by_the_scheduled_rate_and_keeps_its_knobs():
    """The learning rate is zero after two steps, so the third step changes nothing."""
    stated = {
        "batch_size": 8,
        "steps": 3,
        **tiny.GAMES["gan"],
        "schedules": {
            "decay": {"knobs": "optimizers.*.learning_rate", "end": 0.0, "steps": 2}
        },
    }
    setup = build(resolve(stated))
    step = compile_step(make_train_step(setup.game, batch=setup.feed.batch))
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    places = []
    for _ in range(3):
        state, _ = step(state, setup.feed.data)
        places.append(
            np.asarray(state.params["generator"]["Linear_0"]["kernel"]).copy()
        )
    assert np.abs(places[1] - places[0]).max() > 0
    np.testing.assert_array_equal(places[2], places[1])
    rate = state.knobs["optimizers.generator.learning_rate"]
    np.testing.assert_allclose(rate, 2e-4, rtol=1e-6)
