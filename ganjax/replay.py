"""Reproduce a step that gave a number that is not finite, from its bundle."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ganjax.config import knobs
from ganjax.core import (
    Game,
    GameState,
    compile_step,
    init_state,
    make_train_step,
    split_batch,
)
from ganjax.core.state import to_numpy
from ganjax.data import scaled
from ganjax.loading import Run
from ganjax.training import read_bundle
from ganjax.training.checkpoint import restored


@dataclasses.dataclass(frozen=True)
class Replayed:
    """The result of a replay.

    Attributes:
      first, last: the first and the last step that the bundle holds.
      step: the step that gave the first value that is not finite; 0 without one.
      name: the name of this value, as ``discriminator.gradients.critic.kernel``.
      value: ``nan``, ``inf`` or ``-inf``.
      others: the number of further arrays of this step with such a value.
    """

    first: int
    last: int
    step: int = 0
    name: str = ""
    value: float = 0.0
    others: int = 0


def replay(path: Path | str, trust_code: bool = False) -> Replayed:
    """Take the steps of a bundle on one device, until a value is not finite.

    The values of a step are looked at in the order in which it computes them: the
    batch; then for each player its metrics with the loss, its gradients, and its
    parameters and optimizer after the update; then the other arrays of the state. A
    number that was not finite before the step does not count.

    Args:
      path: the folder of the bundle, ``RUN/nonfinite/STEP``.
      trust_code: whether to run code that the config names by import paths.

    Raises:
      BadInput: if there is no such bundle, or it is damaged.
    """
    path, held = Path(path), read_bundle(path)
    run = Run(path, trust_code)
    game, numbers = run.game, knobs(run.config)
    fresh = init_state(game, jax.random.key(0), numbers)
    state = _watched_state(game, restored(fresh, dict(held.state), path))
    # The program of the run would skip the step.
    game = dataclasses.replace(_watched(game), skips=False)
    step = compile_step(
        make_train_step(game, batch=lambda data, *_: jax.tree.map(scaled, data)),
        resident=False,
        intervals=game.intervals,
    )
    result = Replayed(held.step + 1, held.step + len(held.batches))
    for i, batch in enumerate(held.batches):
        before = to_numpy(jax.tree.map(jnp.copy, state))
        state, metrics = step(state, split_batch([batch], jax.local_devices()[:1]))
        bad = list(_bad_values(game, batch, metrics, before, to_numpy(state)))
        if bad:
            (name, value), *others = bad
            return dataclasses.replace(
                result, step=held.step + i + 1, name=name, value=value,
                others=len(others),
            )  # fmt: skip
    return result


def _watched(game: Game) -> Game:
    """Return the game with optimizers that keep their last gradients in their state."""

    def watch(make: Callable) -> Callable:
        def made(numbers):
            inner = make(numbers)

            def init(params):
                zeros = jax.tree.map(jnp.zeros_like, params)
                return {"optimizer": inner.init(params), "gradients": zeros}

            def update(gradients, state, params=None):
                updates, after = inner.update(gradients, state["optimizer"], params)
                return updates, {"optimizer": after, "gradients": gradients}

            return optax.GradientTransformation(init, update)

        return made

    players = [
        dataclasses.replace(p, optimizer=watch(p.optimizer)) for p in game.players
    ]
    return dataclasses.replace(game, players=tuple(players))


def _watched_state(game: Game, state: GameState) -> GameState:
    optimizer = {
        player.name: {
            "optimizer": state.optimizer[player.name],
            "gradients": {
                name: jax.tree.map(jnp.zeros_like, state.params[name])
                for name in player.owns
            },
        }
        for player in game.players
    }
    return state.replace(optimizer=optimizer)


def _bad_values(game, batch, metrics, before, after) -> Iterator[tuple[str, float]]:
    """Yield the names and the values of a step that are not finite, in order."""
    yield from _bad("batch", batch)
    for player in game.players:
        own = {k: x for k, x in metrics.items() if k.startswith(f"{player.name}/")}
        yield from _bad("", own)
        kept, name = after.optimizer[player.name], player.name
        yield from _bad(f"{name}.gradients", kept["gradients"])
        for network in player.owns:
            pair = before.params[network], after.params[network]
            yield from _new(f"params.{network}", *pair)
        was = before.optimizer[name]["optimizer"]
        yield from _new(f"optimizer.{name}", was, kept["optimizer"])
    for part in ("variables", "ema", "memory"):
        yield from _new(part, getattr(before, part), getattr(after, part))


def _new(name, before, after):
    """Yield what is not finite after the step, but was before."""
    with np.errstate(invalid="ignore"):
        hidden = jax.tree.map(
            lambda old, new: (
                np.where(np.isfinite(old), new, 0)
                if jnp.issubdtype(new.dtype, jnp.inexact)
                else new
            ),
            before,
            after,
        )
    yield from _bad(name, hidden)


def _bad(name, tree):
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        values = np.asarray(leaf)
        if jnp.issubdtype(values.dtype, jnp.inexact):
            bad = np.ravel(values)[~np.isfinite(np.ravel(values))]
            if bad.size:
                inner = jax.tree_util.keystr(path, simple=True, separator=".")
                yield ".".join(filter(None, [name, inner])), float(bad[0])
