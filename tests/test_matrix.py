"""All choices work together: each pair of entries of two axes takes a step."""

import jax
import jax.numpy as jnp
import pytest

from ganjax.build import build_game
from ganjax.config import knobs, resolve
from ganjax.core import init_state, make_train_step
from ganjax.data import make_feed, open_source
from tests import covering

ROWS = covering.rows()
# Fast compilation. The speed of the program does not matter.
QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


def name_of(row):
    return "-".join(name for names in row.values() for name in names)


def step_of(stated, source=None, compute=lambda start: start()):
    """Return ``(step, state, data)`` of a config on one device.

    ``source`` replaces the config's data. ``compute=jax.eval_shape`` returns only the
    shapes of the state."""
    config = resolve(stated)
    source = source or open_source(config.data.name)
    game, _ = build_game(config, source)
    feed = make_feed(
        source.train, batch_size=config.batch_size, rounds=game.rounds, kind="auto"
    )
    step = make_train_step(game, batch=feed.batch)
    carried = jax.vmap(step, (0, None), 0, axis_name="data")

    def start():
        state = init_state(game, jax.random.key(0), knobs(config))
        return jax.tree.map(lambda x: x[None], state)

    return carried, compute(start), feed.data


def moved_and_finite(before, after, metrics, frozen=()):
    """Assert that metrics and parameters are finite and that every network moved,
    unless it is ``frozen``."""
    for name, value in metrics.items():
        assert jnp.isfinite(value).all(), name
    for network, params in after.params.items():
        leaves = jax.tree.leaves(params)
        assert all(jnp.isfinite(leaf).all() for leaf in leaves), network
        old = jax.tree.leaves(before.params[network])
        moved = any(jnp.any(a != b) for a, b in zip(old, leaves, strict=True))
        assert moved == (network not in frozen), network


def test_few_configurations_cover_every_pair():
    together = set().union(*(covering.met(row) for row in ROWS))
    assert covering.pairs() <= together
    # Each of 8 losses with each of 8 conditionings, and hinge with multi-hinge: 65.
    assert len(ROWS) <= 72


@pytest.mark.parametrize(
    "row",
    [
        # All rows take minutes on two cores. All but one need --full.
        pytest.param(row, marks=() if i == 16 else pytest.mark.full)
        for i, row in enumerate(ROWS)
    ],
    ids=name_of,
)
def test_a_step(row):
    step, before, data = step_of(covering.config(row))
    after, metrics = jax.jit(step).lower(before, data).compile(QUICK)(before, data)
    moved_and_finite(before, after, metrics)
