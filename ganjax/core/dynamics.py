"""Dynamics: how the gradients of all players become one update of all parameters.

In ordinary training the players take turns: each player is updated before the next one
computes its gradient. A joint dynamics has no turns. It is a function
``(field, params, knobs) -> (gradients, reports)``. ``field`` maps all parameters to
``(gradients, reports)``, two dictionaries with one entry per player. Each player's
gradient is the gradient of its objective on the whole batch. ``knobs`` are numbers of
the config, given to the compiled step as data. The engine averages the returned
gradients over devices and passes each one to the optimizer of its player.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping

import jax
import optax

from ganjax.names import Table
from ganjax.options import Option, option


def simultaneous(field, params, knobs):
    """Return every player's gradient at the current parameters, before any player is
    updated (simultaneous gradient descent; Mescheder et al. 2017, arXiv 1705.10461,
    eq. 3)."""
    return field(params)


def consensus(field, params, knobs):
    """Return every player's gradient plus γ·∇½‖v‖², where v joins the gradients of all
    players and γ is the config field ``dynamics.strength``. The penalty ½‖v‖² is 0
    where all gradients are 0 (consensus optimization; Mescheder et al. 2017, arXiv
    1705.10461, algorithm 2)."""

    def unrest(params):
        gradients, reports = field(params)
        norms = optax.tree.norm(gradients, squared=True)
        return 0.5 * norms, (gradients, reports)

    slope, (gradients, reports) = jax.grad(unrest, has_aux=True)(params)
    strength = knobs["dynamics.strength"]

    def joint(own):
        return {
            name: jax.tree.map(lambda g, s: g + strength * s, own[name], slope[name])
            for name in own
        }

    return {player: joint(own) for player, own in gradients.items()}, reports


def extragradient(field, params, knobs):
    """Return every player's gradient at the parameters after a look-ahead step. The
    engine then applies it to the current parameters (Korpelevich 1976; Gidel et al.
    2019, arXiv 1802.10551, algorithm 4). As in the paper, the players' optimizers
    compute both steps. Unlike in the paper, the look-ahead step does not change the
    optimizers' state."""
    ahead, _ = field.descend(field.players, params, field.optimizer)
    return field(ahead)


def unrolled(field, params, knobs, *, steps: int):
    """Return every player's gradient, but for the last player at the parameters after
    ``steps`` further updates of all other players, on the same examples. This gradient
    passes through the updates, which use the players' optimizers (Metz et al.
    2017, arXiv 1611.02163, eqs. 8–10)."""
    *others, last = field.players
    gradients, reports = field(params)

    def ahead(owned):
        def follow(moved, _):
            moved_params, optimizer = moved
            # The others respond to the last player's parameters, ``owned``.
            return field.descend(others, {**moved_params, **owned}, optimizer), None

        start = ({**params, **owned}, field.optimizer)
        (moved, _), _ = jax.lax.scan(follow, start, length=steps)
        return field.loss(last, {**moved, **owned})

    owned = {name: params[name] for name in gradients[last]}
    slope, report = jax.grad(ahead, has_aux=True)(owned)
    return {**gradients, last: slope}, {**reports, last: report}


@dataclasses.dataclass(frozen=True)
class Dynamics:
    """How the players' parameters move in one step.

    Attributes:
      joint: the joint dynamics, ``(field, params, knobs) -> (gradients, reports)``.
        Knobs are numbers that the compiled step takes as data. Options that are not
        knobs are keyword arguments. ``None`` if the players take turns in order, and
        each one sees the updates before it.
      options: name -> option of the config field ``dynamics.NAME``.
    """

    joint: Callable | None = None
    options: Mapping[str, Option] = dataclasses.field(default_factory=dict)

    def chosen(self, **values: object) -> Callable | None:
        """Return ``joint`` with the values of its options bound as keywords, or
        ``None`` if ``joint`` is ``None``. Knobs are not bound, because ``joint`` gets
        them as an argument at each step. ``values`` that belong to no option are
        ignored."""
        own = {k: values[k] for k, o in self.options.items() if not o.knob}
        if self.joint is None or not own:
            return self.joint
        return functools.partial(self.joint, **own)


DYNAMICS = Table(
    "a Dynamics",
    {
        "alternating": Dynamics(),
        "simultaneous": Dynamics(simultaneous),
        "consensus": Dynamics(
            consensus,
            {"strength": Option(10.0, "weight of the penalty", least=0, knob=True)},
        ),
        "extragradient": Dynamics(extragradient),
        "unrolled": Dynamics(
            unrolled, {"steps": Option(5, "updates that are unrolled", least=1)}
        ),
    },
    Dynamics,
)


@dataclasses.dataclass(frozen=True)
class DynamicsOptions:
    """The field ``dynamics.name`` of a config. Each dynamics adds its options to the
    same section: ``dynamics.strength`` exists only with ``consensus``."""

    name: str = option("alternating", "how the players update", choices=DYNAMICS)
