"""A gradient in which the share of each example is limited, and perturbed."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from ganjax.core.randomness import child_key
from ganjax.core.view import Tree, View


@dataclasses.dataclass(frozen=True)
class ClippedExamples:
    """A gradient estimator for differential privacy (DP-SGD; Abadi et al. 2016, arXiv
    1607.00133, algorithm 1).

    It is added to the gradient of the player's objective, which must then read no
    example. Let g_i be the gradient of the loss of example i. The estimator returns
    (Σ g_i · min(1, C / ‖g_i‖) + σ·C·ξ) / B, where the norm is over all parameters that
    the player owns, and ξ has independent standard normal entries.

    Attributes:
      loss: ``(owned parameters, view, example) -> scalar``, the loss of one example of
        the batch, without the axis of the batch. It must not depend on other examples.
      clip: name of the knob C; multiplier: name of the knob σ.
      expected: B, the expected number of examples of a batch, over all devices. It must
        not depend on the examples.
      present: name of the array ``[n]`` in the batch that is 1 for an example and 0 for
        padding.
    """

    loss: Callable[[dict[str, Tree], View, Any], jax.Array]
    clip: str
    multiplier: str
    expected: int
    present: str

    def __call__(
        self, view_at: Callable[[dict[str, Tree]], View], owned: dict[str, Tree]
    ) -> tuple[dict[str, Tree], dict[str, jax.Array]]:
        """Return this device's share of the gradient, whose mean over devices is the
        gradient, and metrics: the number of examples and the share that was clipped.

        Args:
          view_at: ``owned parameters -> View`` of the turn.
          owned: the parameters at which the gradient is computed.
        """
        view = view_at(owned)
        limit, present = view.knobs[self.clip], view.batch[self.present]

        def gradient(example):
            return jax.grad(lambda p: self.loss(p, view_at(p), example))(owned)

        def clipped(example, counts):
            gradients = gradient(example)
            norm = optax.tree.norm(gradients)
            # A gradient of 0 stays 0; it has no direction. A gradient that is not
            # finite has no bound, so it counts as 0.
            factor = jnp.minimum(1.0, limit / jnp.maximum(norm, 1e-30))
            counted = (counts > 0) & jnp.isfinite(norm)
            return jax.tree.map(
                lambda g: jnp.where(counted, factor * g, 0), gradients
            ), norm

        shares, norms = jax.vmap(clipped)(view.batch, present)
        devices = jax.lax.axis_size(view.axis)
        total = jax.tree.map(lambda g: devices * jnp.sum(g, 0), shares)
        deviation = view.knobs[self.multiplier] * limit
        drawn = _normal(child_key(view.key, "perturbation"), total)
        found = jax.tree.map(
            lambda g, x: (g + deviation * x) / self.expected, total, drawn
        )
        many = jnp.sum(present)
        over = jnp.sum(present * (norms > limit)) / jnp.maximum(many, 1)
        return found, {"examples": devices * many, "clipped": over}


def _normal(key, tree):
    """Draw a standard normal tree, the same on all devices, so that their mean is the
    same too."""
    leaves, structure = jax.tree.flatten(tree)
    keys = jax.random.split(key, len(leaves))
    drawn = [
        jax.random.normal(k, x.shape, x.dtype)
        for k, x in zip(keys, leaves, strict=True)
    ]
    return jax.tree.unflatten(structure, drawn)
