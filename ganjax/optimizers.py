"""Optimizers by name.

An entry is ``(scalars) -> optax.GradientTransformation``. It reads the scalars that it
needs: ``learning_rate``, ``b1`` (decay of the first moment, or momentum) and ``b2``
(decay of the second moment). They may be traced by JAX, and the optimizer's state
contains none of them. So a sweep over them compiles once. An optional scalar ``eps`` is
added to the root of the second moment. It is a number of the program.
"""

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence

import jax
import jax.numpy as jnp
import optax
from flax.traverse_util import flatten_dict, unflatten_dict

from ganjax.errors import BadInput
from ganjax.names import Table
from ganjax.options import option

Scalars = Mapping[str, jax.Array]
Optimizer = optax.GradientTransformation

_EPS = 1e-8  # the value that Adam's paper recommends


def adam(scalars: Scalars) -> Optimizer:
    """Return Adam (Kingma & Ba 2015, arXiv 1412.6980). An optional scalar ``eps_root``
    is added under the square root, because the root has no derivative at zero."""
    return optax.adam(
        scalars["learning_rate"],
        b1=scalars["b1"],
        b2=scalars["b2"],
        eps=scalars.get("eps", _EPS),
        eps_root=scalars.get("eps_root", 0.0),
    )


def rmsprop(scalars: Scalars) -> Optimizer:
    """Return RMSProp (Hinton 2012, lecture 6e): ``b2`` is the decay of the mean squared
    gradient and ``b1`` is the momentum.

    ``eps`` is added to the square root, as in Adam. Under the root, 1e-8 would shorten
    the steps for gradients below 1e-4. A critic with clipped weights has such
    gradients.
    """
    return optax.rmsprop(
        scalars["learning_rate"],
        decay=scalars["b2"],
        eps=scalars.get("eps", _EPS),
        eps_in_sqrt=False,
        momentum=scalars["b1"],
    )


def sgd(scalars: Scalars) -> Optimizer:
    """Return gradient descent with momentum ``b1`` (0 is plain descent)."""
    return optax.sgd(scalars["learning_rate"], momentum=scalars["b1"])


def optimistic_adam(scalars: Scalars) -> Optimizer:
    """Return Adam that steps by twice the newest direction minus the previous direction
    (Daskalakis et al. 2018, arXiv 1711.00141, algorithm 1)."""
    eps = scalars.get("eps", _EPS)
    return optax.chain(
        optax.scale_by_adam(scalars["b1"], scalars["b2"], eps=eps),
        optax.scale_by_optimistic_gradient(),
        optax.scale_by_learning_rate(scalars["learning_rate"]),
    )


def optimistic_sgd(scalars: Scalars) -> Optimizer:
    """Return gradient descent by twice the gradient minus the gradient of the previous
    step (Daskalakis et al. 2018, arXiv 1711.00141, eq. 5)."""
    return optax.optimistic_gradient_descent(scalars["learning_rate"])


def decayed(optimizer: Optimizer, scalars: Scalars) -> Optimizer:
    """Add decoupled weight decay to ``optimizer``: each step also subtracts
    ``learning_rate · weight_decay · w`` (Loshchilov & Hutter 2019, arXiv 1711.05101).
    """
    strength = scalars["learning_rate"] * scalars["weight_decay"]
    return optax.chain(optimizer, optax.add_decayed_weights(-strength))


def clip_weights(optimizer: Optimizer, limit: jax.Array) -> Optimizer:
    """Clip every weight to ``[-limit, limit]`` after each step of ``optimizer`` (WGAN;
    Arjovsky et al. 2017, arXiv 1701.07875, algorithm 1 line 7)."""

    def update(updates, state, params=None):
        def project(w, u):
            inside = jnp.abs(w + u) <= limit
            return jnp.where(inside, u, jnp.clip(w + u, -limit, limit) - w)

        return jax.tree.map(project, params, updates), state

    projection = optax.GradientTransformation(lambda params: optax.EmptyState(), update)
    return optax.chain(optimizer, projection)


def clip_gradients(optimizer: Optimizer, norm: jax.Array) -> Optimizer:
    """Scale gradients down before ``optimizer``, if the norm of all of them together
    exceeds ``norm`` (Pascanu et al. 2013, arXiv 1211.5063, algorithm 1)."""
    return optax.chain(optax.clip_by_global_norm(norm), optimizer)


def accumulated(optimizer: Optimizer, turns: int) -> Optimizer:
    """Change parameters only once in ``turns`` calls of ``optimizer``, by the mean
    gradient of these calls. This acts like a batch ``turns`` times as large, with the
    memory of one batch."""
    return optax.MultiSteps(optimizer, turns).gradient_transformation()


def frozen(
    optimizer: Optimizer, names: Sequence[str], field: str = "frozen"
) -> Optimizer:
    """Return ``optimizer``, but keep some parameters unchanged (FreezeD; Mo et al.
    2020, arXiv 2002.10964).

    Args:
      names: a parameter is kept if its path ``network/layer/…`` is one of these names,
        or begins with one and a ``/``.
      field: the config field of the names, for messages.

    Raises:
      BadInput: when the optimizer's state is initialised, if a name fits no path.
    """

    def labels(params):
        flat = flatten_dict(params, sep="/")
        for name in names:
            if not any(_inside(path, name) for path in flat):
                path = next(iter(flat)).rpartition("/")[0]
                expected = f"the beginning of a parameter's path, like '{path}'"
                raise BadInput(f"{field}='{name}': expected {expected}")
        kept = {
            path: "frozen" if any(_inside(path, n) for n in names) else "moved"
            for path in flat
        }
        return unflatten_dict(kept, sep="/")

    choices = {"frozen": optax.set_to_zero(), "moved": optimizer}
    return optax.multi_transform(choices, labels)


def _inside(path, name):
    return path == name or path.startswith(f"{name}/")


OPTIMIZERS = Table(
    "an optimizer, (scalars) -> optax.GradientTransformation",
    {f.__name__: f for f in (adam, rmsprop, sgd, optimistic_adam, optimistic_sgd)},
    takes=1,
)


@dataclasses.dataclass(frozen=True)
class OptimizerOptions:
    """A section ``optimizers.PLAYER`` of a config."""

    name: str = option("adam", "optimizer of the player", choices=OPTIMIZERS)
    learning_rate: float = option(2e-4, "size of a step", least=0, knob=True)
    b1: float = option(
        0.5, "decay of the first moment, or momentum", least=0, below=1, knob=True
    )
    b2: float = option(0.999, "decay of the second moment", least=0, below=1, knob=True)
    eps: float = option(_EPS, "added to the root of the second moment", above=0)
    weight_decay: float = option(0.0, "decoupled weight decay", least=0, knob=True)
    clip: float = option(
        0.0, "limit of each weight: projects onto [-clip, clip]", least=0, zero="none",
        knob=True,
    )  # fmt: skip
    gradient_clip: float = option(
        0.0, "largest global norm of the gradients", least=0, zero="none", knob=True
    )
    accumulate: int = option(1, "turns whose mean gradient makes an update", least=1)
    frozen: tuple[str, ...] = option(
        (), "beginnings of the paths of frozen parameters", item=str
    )
    updates_per_step: int = option(1, "turns of the player per step", least=1)


def optimizer_of(
    player: str, options: OptimizerOptions, on: Collection[str], *,
    differentiated: bool = False,
) -> Callable[[Scalars], Optimizer]:  # fmt: skip
    """Return ``knobs -> optimizer`` for a player, from the options of its config.

    Args:
      on: names of the knobs (numbers of the config) that are in use. Weight decay and
        clipping are left out if their knobs are not among them.
      differentiated: whether gradients are taken through the optimizer's updates, as an
        unrolled GAN does.
    """
    prefix = f"optimizers.{player}."
    entry = OPTIMIZERS.find(f"{prefix}name", options.name)

    def make(knobs):
        scalars = {
            name.removeprefix(prefix): value
            for name, value in knobs.items()
            if name.startswith(prefix)
        }
        scalars["eps"] = options.eps
        if differentiated:
            scalars["eps_root"] = 1e-24  # far below a squared gradient
        optimizer = entry(scalars)
        if not isinstance(optimizer, optax.GradientTransformation):
            raise BadInput(
                f"{prefix}name='{options.name}': expected a function that returns an "
                f"optax.GradientTransformation, but it returns {optimizer!r}"
            )
        if f"{prefix}weight_decay" in on:
            optimizer = decayed(optimizer, scalars)
        if f"{prefix}gradient_clip" in on:
            optimizer = clip_gradients(optimizer, scalars["gradient_clip"])
        if f"{prefix}clip" in on:
            optimizer = clip_weights(optimizer, scalars["clip"])
        if options.accumulate > 1:
            optimizer = accumulated(optimizer, options.accumulate)
        if options.frozen:
            optimizer = frozen(optimizer, options.frozen, f"{prefix}frozen")
        return optimizer

    return make
