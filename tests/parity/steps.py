"""What rows share: networks filled by the rule, and steps of a shipped config."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from ganjax.build import build_game
from ganjax.command_line import load_config
from ganjax.config import knobs, resolve
from ganjax.core import View, compile_step, init_state, make_train_step
from ganjax.data import source_of
from ganjax.networks import conv
from ganjax.networks.heads import CriticOutput
from ganjax.objectives import TermContext
from tests.parity import tensors

AXIS = "data"
# A program that runs once compiles faster with less optimisation, and with XLA's
# convolutions. ``tests/networks/test_conv_forms.py`` compares them with ganjax's.
QUICKLY = {"xla_backend_optimization_level": 1}
FORM = "stock"


def variables(module, names: tensors.Mapped, prefix: str, *inputs) -> dict[str, Any]:
    """Return the variables of a network for some ``inputs``, filled by the rule.

    Args:
      names: the tensors of torch.
      prefix: comes before their names in the rule.
    """
    template = jax.eval_shape(
        lambda *x: module.init(jax.random.key(0), *x, train=True), *inputs
    )
    return _filled(template, names, prefix)


def _filled(template, names, prefix):
    made = {
        kind: jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), tree)
        for kind, tree in template.items()
    }
    made["params"] = tensors.filled(template["params"], names, prefix)
    if "spectral" in template:
        made["spectral"] = tensors.spectral(template["spectral"], names, prefix)
    return made


def applied(module, held: Mapping[str, Any], params, *inputs):
    """Return a network's output in training mode, with ``params`` in place of those in
    ``held``."""
    kept = [name for name in held if name != "params"]
    given = {**held, "params": params}
    return module.apply(given, *inputs, train=True, mutable=kept)[0]


def on_one_device(function: Callable, *trees):
    """Return the compiled result of ``function(*trees)``, with the axis of devices
    bound. Large arrays should be arguments: XLA computes with constants slowly, while
    it compiles."""
    axes = (0, *(None for _ in trees))
    mapped = jax.vmap(lambda _, *given: function(*given), axes, axis_name=AXIS)
    compiled = jax.jit(mapped, compiler_options=QUICKLY)
    with conv.form(FORM):
        found = jax.device_get(compiled(jnp.zeros(1), *trees))
    return jax.tree.map(lambda x: x[0], found)


def view(params=None, step=0, **fields) -> View:
    """Return a view of one turn, for terms."""
    empty: dict[str, Any] = {name: {} for name in ("networks", "variables", "memory")}
    given = {"params": params or {}, "knobs": {}, "batch": None, **empty, **fields}
    return View(axis=AXIS, key=jax.random.key(0), step=jnp.asarray(step), **given)


def context(real=None, fake=None, memory=None) -> TermContext:
    """Return the context of a term with logits of real and generated samples."""
    outputs = [None if x is None else CriticOutput(x) for x in (real, fake)]
    return TermContext(
        "discriminator", real, fake, *outputs, lambda *_: None, None,
        generator="generator", memory=memory,
    )  # fmt: skip


def resolved(name: str, changes: Mapping[str, Any]) -> ConfigDict:
    """Return a shipped config (``NAME:ARG``) with other values, by path."""
    return resolve(load_config(name), {k: str(x) for k, x in changes.items()})


def run(
    config: ConfigDict,
    names: Mapping[str, tuple[tensors.Mapped, str]],
    batches: Mapping[str, np.ndarray],
    draws: Mapping[str, Mapping[str, np.ndarray]],
) -> tuple[dict, dict, dict[str, np.ndarray]]:
    """Train by ``make_train_step`` of a config.

    Args:
      names: network -> the tensors of torch, and the prefix of their names in the rule.
      batches: field -> examples ``[steps, rounds, n, …]``.
      draws: player -> name of a draw -> values ``[steps, turns, n, …]``.

    Returns:
      ``(before, after, metrics)``: the variables of each network by its name, and of
      the averaged generator by ``"average"``; metrics are ``[steps]``.
    """
    game, _ = build_game(config, source_of(config.data))

    def at(tree, step):
        return jax.tree.map(lambda x: x[step], tree)

    step = make_train_step(
        game,
        batch=lambda data, key, step, axis: at(data["batches"], step),
        draws=lambda data, step: at(data["draws"], step),
    )
    how = {"intervals": game.intervals, "compiler_options": QUICKLY}
    compiled = compile_step(step, **how)
    state = init_state(game, jax.random.key(0), knobs(config))
    params, held = {}, {}
    for name, (known, prefix) in names.items():
        template = {"params": state.params[name], **state.variables[name]}
        made = jax.tree.map(jnp.asarray, _filled(template, known, prefix))
        # Running averages begin as they are.
        params[name] = made.pop("params")
        held[name] = {k: made.get(k) if k == "spectral" else x
                      for k, x in state.variables[name].items()}  # fmt: skip
    ema = {n: {"params": params[n], **held[n]} for n in game.ema}
    state = state.replace(params=params, variables=held, ema=ema)
    state = jax.tree.map(jnp.copy, state)
    before, rows = jax.device_get(_shown(state)), []
    data = jax.tree.map(jnp.asarray, {"batches": dict(batches), "draws": dict(draws)})
    with conv.form(FORM):
        for _ in range(config.steps):
            state, metrics = compiled(state, data)
            rows.append(jax.device_get(metrics))
    found = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    return before, jax.device_get(_shown(state)), found


def _shown(state):
    shown = {n: {"params": state.params[n], **state.variables[n]} for n in state.params}
    return shown | {"average": state.ema["generator"]}
