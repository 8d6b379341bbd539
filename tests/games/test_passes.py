"""Which passes of a critic advance its power iterations, counted with NumPy."""

import jax
import numpy as np
import pytest
from flax.traverse_util import flatten_dict

from ganjax.build import build
from ganjax.config import resolve
from ganjax.core import compile_step, init_state, make_train_step
from tests import tiny


def iterated(kernel, u, times):
    for _ in range(times):
        v = kernel @ u
        u = v / np.linalg.norm(v) @ kernel
        u = u / np.linalg.norm(u)
    return u


@pytest.mark.parametrize(
    ("passes", "times"),
    # Two updates of the critic. In PyTorch's way the generator's turn counts too.
    [("owner", 2), ("joined", 2 + 1), ("separate", 2 * 2 + 1)],
)
def test_power_iterations_of_one_step(passes, times):
    still = {"learning_rate": 0.0}
    config = resolve({
        **tiny.GAMES["gan"],
        "batch_size": 4,
        "passes": passes,
        "optimizers": {
            "generator": still,
            "discriminator": {**still, "updates_per_step": 2},
        },
    })  # fmt: skip
    setup = build(config)
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    before = jax.device_get(state.variables["discriminator"]["spectral"])
    kernels = jax.device_get(state.params["discriminator"])
    step = compile_step(make_train_step(setup.game, batch=setup.feed.batch))
    state, _ = step(state, setup.feed.data)
    after = flatten_dict(jax.device_get(state.variables["discriminator"]["spectral"]))
    kernels, before = flatten_dict(kernels), flatten_dict(before)
    assert after
    for path, u in after.items():
        kernel = np.asarray(kernels[(*path[:-1], "kernel")], np.float64)
        expected = iterated(kernel, np.asarray(before[path], np.float64), times)
        np.testing.assert_allclose(u, expected, atol=1e-5)
