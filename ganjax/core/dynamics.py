"""How the players' gradients become one update when they do not take turns.

A joint dynamics is ``(field, params, knobs) -> (gradients, reports)``. ``field`` maps
all parameters to each player's gradient of its own objective, of the whole batch, and
its report, at one and the same point; what it returns is by player. The engine averages
the gradients over devices and hands each to its player's optimizer.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping

import jax
import optax

from ganjax.names import Table
from ganjax.options import Option, option


def simultaneous(field, params, knobs):
    """Every player's gradient at the old parameters (simultaneous gradient descent;
    Mescheder et al. 2017, arXiv 1705.10461, eq. 3)."""
    return field(params)


def consensus(field, params, knobs):
    """Each player also descends ½‖v‖², v all players' gradients, which is 0 where none
    wants to move (consensus optimization; Mescheder et al. 2017, arXiv 1705.10461,
    algorithm 2). ``dynamics.strength`` is the paper's γ."""

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
    """Every player's gradient where all would be after a step from here, taken from
    here (Korpelevich 1976; Gidel et al. 2019, arXiv 1802.10551, algorithm 4, which asks
    the optimizers for the step and, as here, for the one that counts; unlike there the
    step ahead leaves their averages alone)."""
    ahead, _ = field.descend(field.players, params, field.optimizer)
    return field(ahead)


def unrolled(field, params, knobs, *, steps: int):
    """The last player's gradient looks through ``steps`` updates of all others, on the
    same examples, while they descend plainly (Metz et al. 2017, arXiv
    1611.02163, eq. 8–10). The updates are those of their optimizers."""
    *others, last = field.players
    gradients, reports = field(params)

    def ahead(owned):
        def follow(moved, _):
            moved_params, optimizer = moved
            # The others' answer to what the last player does is what it looks for.
            return field.descend(others, {**moved_params, **owned}, optimizer), None

        start = ({**params, **owned}, field.optimizer)
        (moved, _), _ = jax.lax.scan(follow, start, length=steps)
        return field.loss(last, {**moved, **owned})

    owned = {name: params[name] for name in gradients[last]}
    slope, report = jax.grad(ahead, has_aux=True)(owned)
    return {**gradients, last: slope}, {**reports, last: report}


@dataclasses.dataclass(frozen=True)
class Dynamics:
    """A way to move.

    Attributes:
      joint: the joint dynamics, ``None`` for players that take turns in order, each
        seeing the ones before it. It takes its options that are no knobs by keyword.
      options: name -> option, ``dynamics.NAME``.
    """

    joint: Callable | None = None
    options: Mapping[str, Option] = dataclasses.field(default_factory=dict)

    def chosen(self, **values: object) -> Callable | None:
        """Return the joint dynamics with its own options; others are passed over."""
        own = {k: values[k] for k, o in self.options.items() if not o.knob}
        return functools.partial(self.joint, **own) if own else self.joint


DYNAMICS = Table(
    "a Dynamics",
    {
        "alternating": Dynamics(),
        "simultaneous": Dynamics(simultaneous),
        "consensus": Dynamics(
            consensus,
            {"strength": Option(10.0, "weight of consensus", least=0, knob=True)},
        ),
        "extragradient": Dynamics(extragradient),
        "unrolled": Dynamics(
            unrolled, {"steps": Option(5, "updates that unrolling sees", least=1)}
        ),
    },
    Dynamics,
)


@dataclasses.dataclass(frozen=True)
class DynamicsOptions:
    """The section ``dynamics`` of a config, beside the options of the entries."""

    name: str = option("alternating", "how the players move", choices=DYNAMICS)
