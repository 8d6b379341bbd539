"""Optimizers by name, their numbers given as (traced) scalars.

An entry is ``(scalars) -> optax.GradientTransformation`` and takes what it needs of
``learning_rate``, ``b1`` (decay of the first moment, or momentum) and ``b2`` (decay of
the second moment). None of them is kept in the optimizer's state, so a sweep over them
compiles once.
"""

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import optax
from flax.traverse_util import flatten_dict, unflatten_dict

Scalars = Mapping[str, jax.Array]

_EPS = 1e-8  # the value that Adam's paper recommends


def adam(scalars: Scalars) -> optax.GradientTransformation:
    """Adam (Kingma & Ba 2015, arXiv 1412.6980). ``eps_root``, if there is one, stands
    under the root, which has no derivative at zero otherwise."""
    return optax.adam(
        scalars["learning_rate"],
        b1=scalars["b1"],
        b2=scalars["b2"],
        eps=_EPS,
        eps_root=scalars.get("eps_root", 0.0),
    )


def rmsprop(scalars: Scalars) -> optax.GradientTransformation:
    """RMSProp (Hinton 2012, lecture 6e): ``b2`` averages the squared gradient and
    ``b1`` is the momentum. What keeps it from dividing by zero is added to the root,
    as in Adam: under it a step would be short of gradients below 1e-4, and a clipped
    critic has smaller ones."""
    return optax.rmsprop(
        scalars["learning_rate"],
        decay=scalars["b2"],
        eps=_EPS,
        eps_in_sqrt=False,
        momentum=scalars["b1"],
    )


def sgd(scalars: Scalars) -> optax.GradientTransformation:
    """Gradient descent with ``b1`` as momentum (0 is plain descent)."""
    return optax.sgd(scalars["learning_rate"], momentum=scalars["b1"])


def optimistic_adam(scalars: Scalars) -> optax.GradientTransformation:
    """Adam that steps by twice the newest direction less the one before
    (Daskalakis et al. 2018, arXiv 1711.00141, algorithm 1)."""
    return optax.chain(
        optax.scale_by_adam(scalars["b1"], scalars["b2"], eps=_EPS),
        optax.scale_by_optimistic_gradient(),
        optax.scale_by_learning_rate(scalars["learning_rate"]),
    )


def optimistic_sgd(scalars: Scalars) -> optax.GradientTransformation:
    """Gradient descent by 2·g − g of the step before (same paper, eq. 5)."""
    return optax.optimistic_gradient_descent(scalars["learning_rate"])


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


def bounded(
    optimizer: optax.GradientTransformation, norm: jax.Array
) -> optax.GradientTransformation:
    """``optimizer`` on gradients scaled down to a global ``norm`` where they exceed it
    (Pascanu et al. 2013, arXiv 1211.5063, algorithm 1)."""
    return optax.chain(optax.clip_by_global_norm(norm), optimizer)


def accumulated(
    optimizer: optax.GradientTransformation, turns: int
) -> optax.GradientTransformation:
    """``optimizer`` that moves at every ``turns``-th turn, by the mean of the gradients
    since: a batch that is ``turns`` times as large in the memory of one."""
    return optax.MultiSteps(optimizer, turns).gradient_transformation()


def frozen(
    optimizer: optax.GradientTransformation, names: Sequence[str]
) -> optax.GradientTransformation:
    """``optimizer`` that leaves alone every parameter whose path (``network/layer/…``)
    begins with one of ``names`` (FreezeD; Mo et al. 2020, arXiv 2002.10964).

    Raises:
      ValueError: at its start, for a name that no path begins with.
    """

    def labels(params):
        flat = flatten_dict(params, sep="/")
        for name in names:
            if not any(_inside(path, name) for path in flat):
                raise ValueError(
                    f"'{name}': expected the beginning of a parameter's path, as "
                    f"'{next(iter(flat)).rpartition('/')[0]}'"
                )
        kept = {
            path: "frozen" if any(_inside(path, n) for n in names) else "moved"
            for path in flat
        }
        return unflatten_dict(kept, sep="/")

    choices = {"frozen": optax.set_to_zero(), "moved": optimizer}
    return optax.multi_transform(choices, labels)


def _inside(path, name):
    return path == name or path.startswith(f"{name}/")


OPTIMIZERS = {
    "adam": adam,
    "rmsprop": rmsprop,
    "sgd": sgd,
    "optimistic_adam": optimistic_adam,
    "optimistic_sgd": optimistic_sgd,
}
