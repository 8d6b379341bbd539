"""Optimizers by name, their numbers given as (traced) scalars.

An entry is ``(scalars) -> optax.GradientTransformation`` and takes what it needs of
``learning_rate``, ``b1`` (decay of the first moment, or momentum) and ``b2`` (decay of
the second moment). None of them is kept in the optimizer's state, so a sweep over them
compiles once.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import optax

Scalars = Mapping[str, jax.Array]

_EPS = 1e-8  # the value that Adam's paper recommends


def adam(scalars: Scalars) -> optax.GradientTransformation:
    """Adam (Kingma & Ba 2015, arXiv 1412.6980)."""
    return optax.adam(
        scalars["learning_rate"], b1=scalars["b1"], b2=scalars["b2"], eps=_EPS
    )


def rmsprop(scalars: Scalars) -> optax.GradientTransformation:
    """RMSProp (Hinton 2012, lecture 6e): ``b2`` averages the squared gradient and
    ``b1`` is the momentum."""
    return optax.rmsprop(
        scalars["learning_rate"],
        decay=scalars["b2"],
        eps=_EPS,
        momentum=scalars["b1"],
    )


def sgd(scalars: Scalars) -> optax.GradientTransformation:
    """Gradient descent with ``b1`` as momentum (0 is plain descent)."""
    return optax.sgd(scalars["learning_rate"], momentum=scalars["b1"])


def decayed(
    optimizer: optax.GradientTransformation, scalars: Scalars
) -> optax.GradientTransformation:
    """``optimizer`` with decoupled weight decay: each step also subtracts
    ``learning_rate · weight_decay · w`` (Loshchilov & Hutter 2019, arXiv 1711.05101).
    """
    strength = scalars["learning_rate"] * scalars["weight_decay"]
    return optax.chain(optimizer, optax.add_decayed_weights(-strength))


def clipped(
    optimizer: optax.GradientTransformation, limit: jax.Array
) -> optax.GradientTransformation:
    """``optimizer`` followed by the projection of every weight onto ``[-limit, limit]``
    (WGAN; Arjovsky et al. 2017, arXiv 1701.07875, algorithm 1 line 7)."""

    def update(updates, state, params=None):
        def project(w, u):
            inside = jnp.abs(w + u) <= limit
            return jnp.where(inside, u, jnp.clip(w + u, -limit, limit) - w)

        return jax.tree.map(project, params, updates), state

    projection = optax.GradientTransformation(lambda params: optax.EmptyState(), update)
    return optax.chain(optimizer, projection)


OPTIMIZERS = {
    "adam": adam,
    "rmsprop": rmsprop,
    "sgd": sgd,
}
