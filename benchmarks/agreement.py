"""Check that two programs have the same losses and gradients in their first step. Only
then are they timed."""

from collections.abc import Mapping

import jax
import numpy as np

from ganjax.build import Setup
from ganjax.core import GameState, View, child_key, sample_keys
from ganjax.latents import LATENTS

# Allowed difference, relative to the largest absolute value of the loss or of a layer's
# gradients. Parameters of a layer share this value, because the gradient of a bias
# before a batch norm is only rounding error.
TOLERANCE = 1e-4

FirstStep = dict[str, tuple[float, Mapping[str, np.ndarray]]]


class Disagreement(Exception):
    """Losses or gradients of the first step differ, so the programs are not timed."""


def perturbed(state: GameState) -> GameState:
    """Return ``state`` with normal noise of standard deviation ½ on all vectors
    (biases, gains).

    At an initial state the real and fake logits are nearly equal, so the gradient of
    the last bias is only rounding error. Also, zero biases and unit gains would hide a
    mistake in their conversion.
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
    """Return the real images and the latents of the first step of ganjax's program.

    Args:
      setup: the components of the program, from ``ganjax.build.build``.
      config: the config of the program.
      state: the state before the step. Both players draw the same latents with its key.

    Returns:
      ``{"real": [n, H, W, C], "z": [n, d]}``.
    """

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
    """Return each player's loss and gradients in the first step of ganjax's program.

    Args:
      setup: the components of the program, from ``ganjax.build.build``.
      state: the state before the step.
      real: the real images that ``example`` returns. The latents are its latents, too.

    Returns:
      ``{player: (loss, gradients by network)}``.
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
    """Compare the first steps of two programs.

    Args:
      mine, theirs: ``{player: (loss, {name: gradient})}`` of each program.

    Returns:
      The largest difference, relative to the largest value of its layer.

    Raises:
      Disagreement: if a difference is above ``TOLERANCE``, or if names differ.
    """
    worst = 0.0
    for player, (loss, gradients) in mine.items():
        other_loss, other_gradients = theirs[player]
        if set(gradients) != set(other_gradients):
            odd = sorted(set(gradients) ^ set(other_gradients))
            raise Disagreement(f"{player}: only one program has gradients of {odd}")
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
                    f"largest value at step 1; expected at most {TOLERANCE:g}"
                )
            worst = max(worst, difference)
    return worst


def _bound(function):
    """Return ``function`` compiled, with the axis "data" bound to one device."""
    mapped = jax.vmap(
        lambda slot, *arguments: function(*arguments),
        in_axes=(0, None, None),
        axis_name="data",
    )

    @jax.jit
    def compiled(*arguments):
        return jax.tree.map(lambda x: x[0], mapped(np.arange(1), *arguments))

    return compiled
