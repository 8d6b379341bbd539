"""Everything goes with everything: each pair of entries of two axes takes a step."""

import jax
import jax.numpy as jnp
import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.core import init_state, make_train_step
from tests import covering

ROWS = covering.rows()
# Compiled to be right, not to be fast.
QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


def name_of(row):
    return "-".join(name for names in row.values() for name in names)


def step_of(stated):
    """``(step, state, data)`` of a config, on one device."""
    setup = build(resolve(stated))
    step = make_train_step(setup.game, batch=setup.feed.batch)
    carried = jax.vmap(step, (0, None), 0, axis_name="data")
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    return carried, jax.tree.map(lambda x: x[None], state), setup.feed.data


def test_the_array_covers_every_pair_within_sixty_configurations():
    together = set().union(*(covering.met(row) for row in ROWS))
    assert covering.pairs() <= together
    assert len(ROWS) <= 60


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_a_step(row):
    step, before, data = step_of(covering.config(row))
    compiled = jax.jit(step).lower(before, data).compile(QUICK)
    after, metrics = compiled(before, data)
    for name, value in metrics.items():
        assert jnp.isfinite(value).all(), name
    for network in ("generator", "discriminator"):
        leaves = jax.tree.leaves(
            jax.tree.map(
                lambda a, b: (jnp.isfinite(b).all(), jnp.any(a != b)),
                before.params[network],
                after.params[network],
            )
        )
        assert all(map(bool, leaves[::2])), f"{network} is not finite"
        assert any(map(bool, leaves[1::2])), f"{network} did not move"
