"""One step of a game: every player's updates, then the averages of networks."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax

from ganjax.core.averaging import average
from ganjax.core.game import Game, Player
from ganjax.core.loop import loop
from ganjax.core.randomness import child_key
from ganjax.core.skipping import skip_non_finite
from ganjax.core.state import GameState
from ganjax.core.view import View

Metrics = dict[str, jax.Array]
Draws = Mapping[str, Mapping[str, jax.Array]]


def make_train_step(
    game: Game,
    *,
    batch: Callable[..., Any],
    axis: str = "data",
    draws: Callable[..., Draws] = lambda data, step: {},
) -> Callable[[GameState, Any], tuple[GameState, Metrics]]:
    """Return one training step of a game, a pure function
    ``(state, data) -> (state, metrics)``.

    A turn is one update of one player.

    Args:
      batch: ``(data, key, step, axis) -> examples [rounds, local, …]``, called once in
        each step. ``rounds`` is ``game.rounds``: one sub-batch for each turn of each
        player that reads data, in the order of the turns. ``local`` is this device's
        share of a sub-batch.
      axis: name of the mapped axis whose devices share a batch. ``compile_step`` maps
        the step over it.
      draws: ``(data, step) -> {player: {name: values [turns, …]}}``, values that
        replace random draws, with the names of ``View.draw``. So a step can be compared
        with a step of another implementation, which gets the same values.

    Returns:
      The step. Its metrics are scalars named ``player/metric``, averaged over the turns
      of the player. The step has an optional argument ``due``, for callers that know
      the number of the step when they compile it: the intervals of the lazy terms that
      count at this step.
    """

    def step(state: GameState, data, due=None) -> tuple[GameState, Metrics]:
        rounds = batch(data, child_key(state.key, "data"), state.step, axis)
        key = jax.random.fold_in(child_key(state.key, "step"), state.step)
        play = _take_turns if game.dynamics is None else _move_together
        drawn = draws(data, state.step)
        now = state.replace(knobs=game.schedule(state.knobs, state.step))
        moved, metrics = play(game, now, rounds, key, axis, due, drawn)
        ema = _average(game, state, moved)
        return moved.replace(step=state.step + 1, ema=ema, knobs=state.knobs), metrics

    return skip_non_finite(step) if game.skips else step


def _take_turns(game, state, rounds, key, axis, due, drawn):
    metrics: Metrics = {}
    first = 0
    for player in game.players:
        n = player.updates_per_step
        examples = None
        if player.reads_data:
            examples = _rounds(rounds, slice(first, first + n))
            first += n

        def turn(state, inputs, player=player):
            loss = _loss(game, player, state, state.params, inputs, axis, due)
            gradients, report = _descent(loss, player, state.params)
            if player.estimator is not None:
                view_at = _view(game, state, state.params, inputs, axis, due)
                found = player.estimator(view_at, _owned(player, state.params))
                gradients = jax.tree.map(jnp.add, gradients, found[0])
                report = report.replace(metrics={**report.metrics, **found[1]})
            gradients, metrics = average((gradients, report.metrics), axis)
            report = report.replace(metrics=metrics)
            return _settle(player, state, state, gradients, report)

        keys = _turn_keys(key, player)
        inputs = examples, keys, drawn.get(player.name, {})

        def turns(state, player=player, inputs=inputs, turn=turn, n=n):
            state, logged = loop(turn, state, inputs, n)
            means = {name: jnp.mean(value) for name, value in logged.items()}
            last = _rounds(inputs, -1)
            state, logged = _update_apart(game, player, state, last, axis, due)
            return state, means | logged

        state, logged = _at_its_steps(player, turns, state)
        metrics |= logged
    return state, metrics


def _at_its_steps(player, update, state):
    """Return ``update(state)``, a state and metrics, if the player plays at this step.
    Otherwise return ``state`` and zeros."""
    if player.plays is None:
        return update(state)
    first, last = player.plays
    there = state.step >= first
    if last is not None:
        there = there & (state.step < last)
    return jax.lax.cond(there, update, _unchanged(update), state)


def _unchanged(update):
    """Return a function with the outputs of ``update``: the state as it is, and zero
    for each metric."""

    def unchanged(state):
        shapes = jax.eval_shape(update, state)[1]
        return state, jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)

    return unchanged


def _update_apart(game, player, state, inputs, axis, due):
    """Take the player's separate updates that are due. They change only parameters and
    the optimizer. Their metrics have no loss or norm, and are 0 where none is due."""
    metrics: Metrics = {}
    for interval in player.apart:

        def update(state, interval=interval):
            examples, key, drawn = inputs
            own = examples, child_key(key, f"apart/{interval}"), drawn
            loss = _loss(game, player, state, state.params, own, axis, due, interval)
            differentiated = jax.grad(loss, has_aux=True)
            gradients, report = differentiated(_owned(player, state.params))
            gradients, found = average((gradients, report.metrics), axis)
            state = _descended(player, state, state, gradients)
            return state, {f"{player.name}/{name}": v for name, v in found.items()}

        if interval > 1 and due is None:
            ends = (state.step + 1) % interval == 0
            state, logged = jax.lax.cond(ends, update, _unchanged(update), state)
        else:
            here = interval == 1 or interval in due
            state, logged = update(state) if here else _unchanged(update)(state)
        metrics |= logged
    return state, metrics


def _move_together(game, state, rounds, key, axis, due, drawn):
    reading = [player for player in game.players if player.reads_data]

    def inputs(player):
        examples = _rounds(rounds, reading.index(player)) if player in reading else None
        first = _rounds(drawn.get(player.name, {}), 0)
        return examples, _turn_keys(key, player)[0], first

    def objective(player, params):
        return _loss(game, player, state, params, inputs(player), axis, due)

    field = Field(game, state, objective, axis)
    gradients, reports = game.dynamics(field, state.params, state.knobs)
    logged = {name: report.metrics for name, report in reports.items()}
    gradients, logged = average((gradients, logged), axis)
    moved = state
    metrics: Metrics = {}
    for player in game.players:
        name = player.name
        report = reports[name].replace(metrics=logged[name])
        moved, own = _settle(player, state, moved, gradients[name], report)
        metrics |= own
    for player in game.players:
        moved, own = _update_apart(game, player, moved, inputs(player), axis, due)
        metrics |= own
    return moved, metrics


def _rounds(rounds, which):
    return jax.tree.map(lambda x: x[which], rounds)


def _owned(player: Player, by_network):
    return {name: by_network[name] for name in player.owns}


def _turn_keys(key, player: Player):
    own, turns = child_key(key, player.name), jnp.arange(player.updates_per_step)
    return jax.vmap(lambda i: jax.random.fold_in(own, i))(turns)


@dataclasses.dataclass(frozen=True)
class Field:
    """All players' gradients as a function of all parameters, for a joint dynamics,
    which updates all players together.

    ``players`` are names in the order of the game. ``optimizer`` holds the state of
    each player's optimizer before the step. Only ``descend`` returns newer ones.
    """

    _game: Game
    _state: GameState
    _objective: Callable
    _axis: str

    @property
    def players(self) -> tuple[str, ...]:
        return tuple(player.name for player in self._game.players)

    @property
    def optimizer(self) -> dict[str, Any]:
        return self._state.optimizer

    def __call__(self, params):
        """Return ``(gradients, reports)``, each with one entry per player. Gradients
        are averaged over devices."""
        found = {
            player.name: _descent(self._objective(player, params), player, params)
            for player in self._game.players
        }
        gradients = {name: gradient for name, (gradient, _) in found.items()}
        reports = {name: report for name, (_, report) in found.items()}
        # A dynamics that is nonlinear in the gradients needs whole-batch gradients.
        return average(gradients, self._axis), reports

    def loss(self, name, params):
        """Return ``(loss, report)`` of the player ``name`` on this device's examples.
        The report holds the loss as a metric."""
        (player,) = (p for p in self._game.players if p.name == name)
        value, report = self._objective(player, params)(_owned(player, params))
        return value, _with_loss(report, value)

    def descend(self, names, params, optimizer):
        """Update each player in ``names`` once, with all gradients computed at
        ``params``.

        Returns:
          ``(params, optimizer)``: the new parameters, and the new states of the
          optimizers.
        """
        moved, after = dict(params), dict(optimizer)
        for player in self._game.players:
            if player.name not in names:
                continue
            gradient, _ = _descent(self._objective(player, params), player, params)
            updates, after[player.name] = player.optimizer(self._state.knobs).update(
                average(gradient, self._axis),
                optimizer[player.name],
                _owned(player, params),
            )
            moved |= optax.apply_updates(_owned(player, moved), updates)
        return moved, after


def _loss(game, player, state, params, inputs, axis, due, apart=None):
    """Return the player's objective as a function of its owned parameters. ``inputs``
    are the examples, the key and the recorded draws of the turn."""
    view_at = _view(game, state, params, inputs, axis, due, apart)
    return lambda owned: player.objective(owned, view_at(owned))


def _view(game, state, params, inputs, axis, due, apart=None):
    """Return the view of a turn as a function of the player's owned parameters."""
    examples, key, drawn = inputs

    def view_at(owned):
        return View(
            networks=game.networks,
            axis=axis,
            params={**params, **owned},
            variables=state.variables,
            memory=state.memory,
            knobs=state.knobs,
            batch=examples,
            key=key,
            step=state.step,
            due=due,
            apart=apart,
            drawn=drawn,
        )

    return view_at


def _descent(loss, player, params):
    """Return this device's gradient by the owned parameters, and the report."""
    differentiated = jax.value_and_grad(loss, has_aux=True)
    (value, report), gradients = differentiated(_owned(player, params))
    return gradients, _with_loss(report, value)


def _with_loss(report, value):
    return report.replace(metrics={"loss": value, **report.metrics})


def _settle(player, old, state, gradients, report):
    """Return ``state`` after the player's update, and the player's metrics.

    ``gradients`` are already averaged over devices. The update is computed at ``old``
    and added to ``state``. With alternating turns both are the same state. With a joint
    dynamics ``state`` already contains the updates of other players, so the updates of
    two owners of one network add.

    A player keeps only the new variables of the networks that it owns, and of those in
    ``Player.writes``. So it can use another player's samples without changing that
    player's batch statistics.
    """
    kept = {name: report.variables[name] for name in (*player.owns, *player.writes)}
    state = _descended(player, old, state, gradients).replace(
        variables={**state.variables, **kept},
        memory={**state.memory, **report.memory},
    )
    metrics = {**report.metrics, "gradient_norm": optax.tree.norm(gradients)}
    return state, {f"{player.name}/{name}": v for name, v in metrics.items()}


def _descended(player, old, state, gradients):
    """Return ``state`` with the parameters and the optimizer after the update."""
    updates, optimizer = player.optimizer(old.knobs).update(
        gradients,
        old.optimizer[player.name],
        _owned(player, old.params),
    )
    owned = optax.apply_updates(_owned(player, state.params), updates)
    return state.replace(
        params={**state.params, **owned},
        optimizer={**state.optimizer, player.name: optimizer},
    )


def _average(game, state, moved):
    decay = game.ema_decay(moved.knobs, moved.step)

    def blend(old, new):
        if not jnp.issubdtype(new.dtype, jnp.floating):
            return new
        return old + (1 - decay) * (new - old)

    new = {n: {"params": moved.params[n], **moved.variables[n]} for n in game.ema}
    return jax.tree.map(blend, dict(state.ema), new)
