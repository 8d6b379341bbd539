"""Numbers that are not finite: in the data, in an update, in a learning rate."""

import json

import numpy as np

from ganjax.run_files import read_rows
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

# A data set with a nan in about one of 400 samples, and an optimizer whose update
# overflows at one count. Another key draws other samples, but the count stays.
CODE = """
import dataclasses

import jax
import jax.numpy as jnp
import optax

from ganjax.data.synthetic import gaussians


def ring(directory):
    source = gaussians("ring8")(directory)

    def train(keys):
        made = source.train(keys)
        draws = jax.vmap(lambda key: jax.random.uniform(jax.random.fold_in(key, 9)))
        bad = draws(keys) < 1 / 400
        return {**made, "data": jnp.where(bad[:, None], jnp.nan, made["data"])}

    return dataclasses.replace(source, train=train)


def overflowing(scalars):
    inner = optax.adam(scalars["learning_rate"])

    def init(params):
        return inner.init(params), jnp.zeros((), jnp.int32)

    def update(gradients, state, params=None):
        updates, after = inner.update(gradients, state[0], params)
        size = jnp.where(state[1] == 130, 3e38, 1.0)
        updates = jax.tree.map(lambda x: x * size * size, updates)
        return updates, (after, state[1] + 1)

    return optax.GradientTransformation(init, update)
"""
FAULTS = {
    "a nan in a batch": "--config.data.name=faulty:ring",
    "a learning rate of 1e20": "--config.optimizers.generator.learning_rate=1e20",
    "an overflow in an update": "--config.optimizers.generator.name=faulty:overflowing",
}
ANSWERS = ("halt", "skip", "rollback")
MOST = 20  # rollbacks


def answered(place, folder, number, rng):
    """Train to a number that is not finite, undisturbed and with a SIGKILL."""
    fault = [*FAULTS][number % len(FAULTS)]
    way = ANSWERS[number // len(FAULTS) % len(ANSWERS)]
    config = folder / "ring.py"
    config.write_text(place.config.read_text())
    (folder / "faulty.py").write_text(CODE)
    fields = [FAULTS[fault], f"--config.on_nonfinite={way}"]
    fields += [f"--config.max_rollbacks={MOST}", f"--config.seed={number}"]

    def train(run):
        arguments = ["train", f"--config={config}", f"--workdir={run}", *fields]
        return place.start(*arguments, log=folder / f"{run.name}.txt")

    whole, killed = folder / "whole", folder / "killed"
    done = train(whole).ended()
    said = _as_it_says(whole, way, done)
    process = train(killed)
    moment = rng.randrange(1, 6)
    process.until(lambda: (killed / "metrics.jsonl").exists()
                  and len(read_rows(killed / "metrics.jsonl")) >= moment)  # fmt: skip
    process.kill()
    again = train(killed).ended()
    must(again.code == done.code, f"after a kill exit code {again.code}")
    for name in ("state", "step", "state_digest", "exit_reason", "skipped",
                 "rollbacks"):  # fmt: skip
        kept, found = status(whole).get(name), status(killed).get(name)
        must(kept == found, f"after a kill {name}={found}, not {kept}")
    rows = [(run / "metrics.jsonl").read_bytes() for run in (whole, killed)]
    must(rows[0] == rows[1], "after a kill metrics.jsonl differs")
    return f"{fault}, {way}: {said}"


def _as_it_says(run, way, done):
    """Check that a run did what ``way`` says. Return words about it."""
    sealed = [step for step in finished(run) if not _finite(run, step)]
    must(not sealed, f"checkpoints {sealed} hold non-finite numbers")
    found = status(run)
    bundles = sorted((run / "nonfinite").glob("*/bundle.json"))
    must(bundles, "no bundle")
    if way == "skip":
        must(done.code == 0 and found["skipped"] > 0, f"no skip: {done.text[-300:]}")
        return f"{found['skipped']} steps skipped"
    if way == "halt":
        line = done.one_line(1)
        must(found["state"] == "failed", "status.json does not say failed")
        return line
    lines = [json.loads(x) for x in (run / "history.jsonl").read_text().splitlines()]
    counts = [x["rollbacks"] for x in lines if "rollbacks" in x]
    must(counts == [*range(found["rollbacks"] + 1)], f"history.jsonl: {counts}")
    if done.code:
        done.one_line(1)
        must(found["rollbacks"] == MOST, f"{found['rollbacks']} rollbacks, then a halt")
    return f"{found['rollbacks']} rollbacks, exit code {done.code}"


def replayed(place, folder, number, rng):
    """Reproduce the step of a run that halted."""
    fault = [*FAULTS][number]
    config = folder / "ring.py"
    config.write_text(place.config.read_text())
    (folder / "faulty.py").write_text(CODE)
    run = folder / "run"
    done = place.run("train", f"--config={config}", f"--workdir={run}", FAULTS[fault],
                     log=folder / "train.txt")  # fmt: skip
    done.one_line(1)
    (path,) = (run / "nonfinite").glob("[0-9]*")
    bundle = path.rename(folder / "bundle")
    log = folder / "replay.txt"
    found = place.run("replay", bundle, "--trust_code", log=log)
    must(found.code == 0, f"exit code {found.code}: {found.text[-300:]}")
    place_in = rng.randrange(bundle.joinpath("arrays.msgpack").stat().st_size)
    data = bytearray((bundle / "arrays.msgpack").read_bytes())
    data[place_in] ^= 1 << rng.randrange(8)
    (bundle / "arrays.msgpack").write_bytes(data)
    damaged = place.run("replay", bundle, "--trust_code", log=folder / "damaged.txt")
    must("is damaged" in damaged.one_line(2), damaged.last)
    return f"{fault}: {found.last}"


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
    Row("nonfinite", "a nan in a batch, a learning rate of 1e20, an overflow in an "
        "update, each with halt, skip and rollback, and with a SIGKILL",
        "each way does what it says; after the kill the same bits", 9, answered),
    Row("replay", "the bundle of a run that halted, then one flipped bit in it",
        "exit code 0 and the first value; one line and exit code 2", 3, replayed),
)  # fmt: skip
