"""A state that holds nan or an infinity is never a checkpoint."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.core import GameState, stack_members
from ganjax.training import finite
from ganjax.training.finite import infinite_at_start, non_finite


def state(**parts):
    one = {
        "params": {"g": {"kernel": jnp.ones((2, 3))}},
        "variables": {"g": {"mean": jnp.zeros(3)}},
        "optimizer": {"g": {"mu": jnp.zeros((2, 3)), "count": jnp.zeros((), int)}},
        "ema": {"g": {"kernel": jnp.ones((2, 3), jnp.bfloat16)}},
        "memory": {"pool": jnp.full(2, jnp.nan)},
        "knobs": {"rate": jnp.float32(jnp.inf)},
    }
    return GameState(jnp.int32(1), jax.random.key(0), **{**one, **parts})


@pytest.fixture(params=["finite_on_host", "finite_on_device"], autouse=True)
def judge(request, monkeypatch):
    """Both ways to judge. On CPU the host's way is taken by default."""
    way = getattr(finite, request.param)
    monkeypatch.setattr(finite, "finite_on_host", way)


@pytest.mark.parametrize(
    ("part", "value", "found"),
    [
        ("params", {"g": {"kernel": jnp.ones((2, 3)).at[1, 2].set(jnp.nan)}},
         ("params.g.kernel", np.nan)),
        ("variables", {"g": {"mean": jnp.zeros(3).at[0].set(-jnp.inf)}},
         ("variables.g.mean", -np.inf)),
        ("optimizer", {"g": {"mu": jnp.float32(jnp.inf)}}, ("optimizer.g.mu", np.inf)),
        ("ema", {"g": {"kernel": jnp.full(2, jnp.inf, jnp.bfloat16)}},
         ("ema.g.kernel", np.inf)),
    ],
)  # fmt: skip
def test_each_part_is_judged_and_named(part, value, found):
    """The memory and the knobs, which are not finite here, do not count."""
    assert non_finite(state(), False, [0]) == {}
    (name, number) = non_finite(state(**{part: value}), False, [0])[0]
    assert name == found[0]
    np.testing.assert_equal(number, found[1])


def test_each_member_is_judged():
    bad = {"g": {"kernel": jnp.ones((2, 3)).at[0, 1].set(jnp.nan)}}
    together = stack_members([state(), state(params=bad), state(ema=bad)])
    found = non_finite(together, True, [0, 1, 2])
    assert {i: name for i, (name, _) in found.items()} == {
        1: "params.g.kernel", 2: "ema.g.kernel",
    }  # fmt: skip
    assert non_finite(together, True, [0, 2]).keys() == {2}


def test_what_begins_infinite_is_not_judged():
    """No step made this number. All other arrays are judged as before."""
    optimizer = {"g": {"best": jnp.float32(jnp.inf), "mu": jnp.zeros(3)}}
    fresh = state(optimizer=optimizer)
    infinite = infinite_at_start(fresh)
    assert infinite == {"optimizer.g.best"}
    assert non_finite(fresh, False, [0], infinite) == {}
    moved = {"g": {**optimizer["g"], "mu": jnp.zeros(3).at[1].set(jnp.nan)}}
    found = non_finite(state(optimizer=moved), False, [0], infinite)
    assert found[0][0] == "optimizer.g.mu"
    assert infinite_at_start(state()) == frozenset()
