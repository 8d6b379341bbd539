"""Train with your own loop and your own batches around ganjax's compiled step.

python examples/own_loop.py moons.png
"""

import sys

import jax
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import make_moons

from ganjax import compile_step, init_state, make_train_step, resolve, split_batch
from ganjax.build import build

STEPS, BATCH = 3000, 128

# The config's data give only the shape of an example: a point in the plane.
config = resolve({
    "data": {"name": "swiss_roll"},
    "batch_size": BATCH,
    "latents": {"size": 8},
    "loss": {"name": "relativistic_pairing"},
    "regularizers": {"r1": {"weight": 0.05}, "r2": {"weight": 0.05}},
    "optimizers": {
        player: {"learning_rate": 1e-3, "b1": 0.0, "b2": 0.99}
        for player in ("generator", "discriminator")
    },
    "ema": {"decay": 0.995},
})  # fmt: skip
setup = build(config)
step = make_train_step(setup.game, batch=lambda batch, key, step, axis: batch)
advance = compile_step(step, resident=False)
state = init_state(setup.game, jax.random.key(0), setup.knobs)


def batch(seed):
    """Return ``[rounds, n, 2]``: one sub-batch for each update of a player that reads
    data."""
    rounds = setup.game.rounds
    points, _ = make_moons(rounds * BATCH, noise=0.05, random_state=seed)
    return {"data": points.reshape(rounds, BATCH, 2).astype(np.float32)}


for i in range(STEPS):
    examples = split_batch([batch(i)], setup.plan.devices)
    state, metrics = advance(state, examples)
    if i % 1000 == 0:
        # The loss compares pairs, so both accuracies are the share of pairs in order.
        found = ", ".join(f"{k} {float(v[0]):.3f}" for k, v in metrics.items())
        print(f"step {i}: {found}")

axes = Figure().subplots()
axes.plot(*make_moons(500, noise=0.05, random_state=0)[0].T, ".", label="data")
axes.plot(*setup.model(state).sample(key=0, n=500).T, ".", label="generated")
axes.legend()
axes.figure.savefig(sys.argv[1])
