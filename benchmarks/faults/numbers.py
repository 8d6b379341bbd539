"""Numbers that are not finite: in the data, in an update, in a learning rate."""

import numpy as np

from ganjax.training import Checkpoints

from .place import finished, must, status
from .row import Row

RATES = (
    ("optimizers.generator.learning_rate", "1e20"),
    ("optimizers.discriminator.learning_rate", "1e20"),
    ("optimizers.generator.learning_rate", "1e38"),
    ("optimizers.discriminator.learning_rate", "1e38"),
)
# Fields that hide or show a non-finite state: rows that come late, one step in all.
WAYS = (
    (),
    ("--config.log.every=400", "--config.checkpoint.every=10"),
    ("--config.steps=1", "--config.parallel.inner_steps=1"),
    ("--config.steps=10", "--config.log.every=10"),
    ("--config.loss.name=hinge",),
)


def overflow(place, folder, number, rng):
    """Train with a learning rate that overflows the parameters."""
    run = folder / "run"
    field, rate = RATES[number % len(RATES)]
    way = WAYS[number // len(RATES)]
    done = place.train(run, f"--config.{field}={rate}", *way).ended()
    sealed = [step for step in finished(run) if not _finite(run, step)]
    must(not sealed, f"checkpoints {sealed} hold non-finite numbers")
    if done.code == 0:
        must(finished(run), "no checkpoint")
        return f"{field}={rate} {' '.join(way)}: the state stays finite"
    line = done.one_line(1)
    must(status(run)["state"] == "failed", "status.json does not say failed")
    return line


def _finite(run, step):
    with Checkpoints(run / "checkpoints") as checkpoints:
        held = checkpoints.arrays(step)
    found = []

    def visit(tree):
        for value in tree.values():
            if isinstance(value, dict):
                visit(value)
            elif value is not None and np.issubdtype(
                np.asarray(value).dtype, np.floating
            ):
                found.append(bool(np.isfinite(value).all()))

    visit({name: held[name] for name in ("params", "variables", "ema", "optimizer")})
    return all(found)


ROWS = (
    Row("overflow", "learning rates of 1e20 and 1e38",
        "found before anything is sealed; one line and exit code 1",
        len(RATES) * len(WAYS), overflow),
)  # fmt: skip
