"""Two programs are compared in speed only if their first step is one and the same."""

from collections.abc import Mapping

import jax
import numpy as np

from ganjax.build import Setup
from ganjax.core import GameState, View, child_key, sample_keys
from ganjax.latents import LATENTS

# Largest difference over the largest absolute value: of a loss, or of the gradients of
# a layer (those of a bias in front of a batch norm are nothing but rounding).
TOLERANCE = 1e-4

FirstStep = dict[str, tuple[float, Mapping[str, np.ndarray]]]


class Disagreement(Exception):
    """Losses or gradients of the first step differ; nothing may be timed."""


def perturbed(state: GameState) -> GameState:
    """``state`` with noise of ½ on all vectors (biases, gains).

    At an initial state real and fake logits are nearly equal, so the gradient of the
    last bias is a difference of equals, all rounding; and zero biases and unit gains
    would hide a mistake in their conversion.
    """
    leaves, structure = jax.tree.flatten(state.params)
    key = child_key(state.key, "perturbed")
    moved = [
        x + 0.5 * jax.random.normal(jax.random.fold_in(key, i), x.shape)
        if x.ndim == 1
        else x
        for i, x in enumerate(leaves)
    ]
    return state.replace(params=jax.tree.unflatten(structure, moved))


def example(setup: Setup, config, state: GameState) -> dict[str, np.ndarray]:
    """A batch ``real [n, H, W, C]`` of the feed and the latents ``z [n, d]`` that both
    players draw with the state's key."""

    def draw(state, data):
        key = child_key(state.key, "data")
        real = setup.feed.batch(data, key, state.step, "data")["data"][0]
        keys = sample_keys(child_key(state.key, "latents"), config.batch_size, "data")
        return {
            "real": real,
            "z": LATENTS[config.latents.name](keys, config.latents.size),
        }

    drawn = _bound(draw)(state, setup.feed.data)
    return {name: np.asarray(x) for name, x in drawn.items()}


def first_step(setup: Setup, state: GameState, real: np.ndarray):
    """``{player: (loss, gradients by network)}`` at ``state``, of ganjax's objectives.

    Every player sees ``real`` and the latents of ``example``.
    """

    def turn(player):
        def loss(owned, state, real):
            view = View(
                networks=setup.game.networks,
                axis="data",
                params={**state.params, **owned},
                variables=state.variables,
                memory=state.memory,
                knobs=state.knobs,
                batch={"data": real} if player.reads_data else None,
                key=state.key,
                step=state.step,
            )
            value, _ = player.objective(owned, view)
            return value

        def both(state, real):
            owned = {name: state.params[name] for name in player.owns}
            return jax.value_and_grad(loss)(owned, state, real)

        with jax.default_matmul_precision("highest"):
            return _bound(both)(state, real)

    return {player.name: turn(player) for player in setup.game.players}


def require_agreement(mine: FirstStep, theirs: FirstStep) -> float:
    """Compares ``{player: (loss, {name: gradient})}`` of two programs.

    Returns:
      The largest difference found, relative to the largest value of its layer.

    Raises:
      Disagreement: if it is above ``TOLERANCE``, or names differ.
    """
    worst = 0.0
    for player, (loss, gradients) in mine.items():
        other_loss, other_gradients = theirs[player]
        if set(gradients) != set(other_gradients):
            odd = sorted(set(gradients) ^ set(other_gradients))
            raise Disagreement(f"{player}: gradients of {odd} on one side alone")
        pairs = {"loss": (np.asarray(loss), np.asarray(other_loss))} | {
            name: (gradients[name], other_gradients[name]) for name in gradients
        }
        largest = {}
        for name, (a, _) in pairs.items():
            layer = name.rpartition(".")[0] or name
            largest[layer] = max(largest.get(layer, 1e-30), np.abs(a).max())
        for name, (a, b) in pairs.items():
            scale = largest[name.rpartition(".")[0] or name]
            difference = float(np.abs(a - b).max() / scale)
            if not difference <= TOLERANCE:
                raise Disagreement(
                    f"{player}: {name} differs by {difference:.1e} of its layer's "
                    f"largest value at step 1, and {TOLERANCE:g} is allowed"
                )
            worst = max(worst, difference)
    return worst


def _bound(function):
    """``function`` compiled, with the data axis of one device bound around it."""
    mapped = jax.vmap(
        lambda slot, *arguments: function(*arguments),
        in_axes=(0, None, None),
        axis_name="data",
    )

    @jax.jit
    def compiled(*arguments):
        return jax.tree.map(lambda x: x[0], mapped(np.arange(1), *arguments))

    return compiled
