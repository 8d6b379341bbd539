"""Training steps of resolved configs, with recorded examples and draws."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from ganjax.build import build_game
from ganjax.command_line import load_config
from ganjax.config import knobs, resolve
from ganjax.core import GameState, compile_step, init_state, make_train_step
from ganjax.data import source_of
from ganjax.data.source import Source
from ganjax.networks import conv
from tests.parity import networks, rule, tensors

# network -> the tensors of torch, and the prefix of their names in the rule
Names = Mapping[str, tuple[tensors.Tensors, str]]
Variables = dict[str, dict[str, Any]]


def resolved(name: str, changes: Mapping[str, Any]) -> ConfigDict:
    """Return a shipped config (``NAME:ARG``) with other values, by path."""
    return resolve(load_config(name), {k: str(x) for k, x in changes.items()})


class Training:
    """The training step of a resolved config, compiled when it first runs.

    Attributes:
      game: the game of the config.
    """

    def __init__(self, config: ConfigDict, source: Source | None = None):
        """``source``: in place of the one that the config chooses."""
        self.game, _ = build_game(config, source or source_of(config.data))
        self._numbers = knobs(config)
        step = make_train_step(
            self.game,
            batch=lambda data, key, step, axis: data["batches"],
            draws=lambda data, step: data["draws"],
        )
        # Without ``intervals`` one program has the steps with and without lazy terms.
        self._advance = compile_step(step, compiler_options=networks.QUICKLY)

    def begun(
        self,
        names: Names,
        *,
        step: int = 0,
        values: Callable = rule.parameter,
        memory: Mapping[str, Any] | None = None,
        numbers: Mapping[str, float] | None = None,
    ) -> GameState:
        """Return the state before a step. Nothing is drawn, so no program is compiled:
        optimizers and memories are zeros, as they are at first, and averages are
        copies.

        Args:
          step: its number.
          values: the rule of parameters.
          memory: entries of the memory that are not zeros.
          numbers: knobs that differ from the config.
        """
        key, numbers = jax.random.key(0), {**self._numbers, **(numbers or {})}
        made = jax.eval_shape(lambda: init_state(self.game, key, numbers))
        zeros = jax.tree.map(
            lambda x: np.zeros(x.shape, x.dtype), made.replace(key=None)
        )
        held = {
            name: tensors.filled(
                {"params": made.params[name], **made.variables[name]},
                own, prefix, values,
            )
            for name, (own, prefix) in names.items()
        }  # fmt: skip
        state = zeros.replace(
            step=np.int32(step),
            params={name: x["params"] for name, x in held.items()},
            variables={name: _without_params(x) for name, x in held.items()},
            ema={name: held[name] for name in self.game.ema},
            memory={**zeros.memory, **(memory or {})},
            knobs={name: np.float32(x) for name, x in numbers.items()},
        )
        return jax.tree.map(jnp.array, state).replace(key=key)

    def run(
        self,
        names: Names,
        batches: Mapping[str, np.ndarray],
        draws: Mapping[str, Mapping[str, Any]],
        **begin,
    ) -> tuple[Variables, Variables, dict[str, np.ndarray]]:
        """Take some steps.

        Args:
          batches: field -> examples ``[steps, rounds, n, …]``.
          draws: player -> name of a draw -> values ``[steps, turns, n, …]``.
          begin: arguments of ``begun``.

        Returns:
          ``(before, after, metrics)``: the variables of each network by its name, and
          of the averaged generator by ``"average"``; metrics are ``[steps]``.
        """
        state, rows = self.begun(names, **begin), []
        before = _shown(state)
        data = {"batches": dict(batches), "draws": dict(draws)}
        with conv.form(networks.FORM):
            for i in range(len(jax.tree.leaves(batches)[0])):
                given = jax.tree.map(lambda x, i=i: jnp.asarray(x[i]), data)
                state, metrics = self._advance(state, given)
                rows.append(jax.device_get(metrics))
        found = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
        return before, _shown(state), found


def _without_params(held):
    return {kind: tree for kind, tree in held.items() if kind != "params"}


def _shown(state):
    shown = {n: {"params": state.params[n], **state.variables[n]} for n in state.params}
    if "generator" in state.ema:
        shown["average"] = state.ema["generator"]
    return jax.tree.map(np.array, shown)  # a step reuses the memory of its state


def moved(
    before: Variables,
    after: Variables,
    names: Names,
    prefixes: Mapping[str, str],
    kind: str = "moved",
    scale: float = 1.0,
) -> dict[str, np.ndarray]:
    """Return how far parameters and vectors of spectral norm moved, as ``KIND/PREFIX
    TORCH NAME`` -> tensor.

    Args:
      prefixes: a key of ``before`` -> the prefix of its tensors.
      scale: a factor.
    """
    found = {}
    for name, prefix in prefixes.items():
        own, _ = names["generator" if name == "average" else name]
        change = jax.tree.map(
            lambda x, y: scale * (np.float64(y) - np.float64(x)),
            before[name],
            after[name],
        )
        found |= tensors.named(change["params"], own, kind, prefix)
        found |= tensors.vectors(change.get("spectral", {}), own, kind, prefix)
    return found
