"""Penalties and terms with their weights in a player's loss."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from ganjax.objectives.terms import Term


@dataclasses.dataclass(frozen=True)
class Penalty:
    """A penalty with its weight.

    Attributes:
      name: name of its metric and of its section ``regularizers.NAME``.
      penalty: function like an entry of ``REGULARIZERS``.
      knob: name of the knob with its weight.
      interval: steps from one use to the next. A penalty with an interval above 1 is
        lazy (Karras et al. 2020, arXiv 1912.04958, appendix B): it is used at every
        ``interval``-th step, with ``interval`` times its weight.
      player: the critic whose loss has the penalty; ``None`` for every critic.
      fixed: its options that are not knobs.
      numbers: names of its knobs other than the weight.
    """

    name: str
    penalty: Callable
    knob: str
    interval: int = 1
    player: str | None = None
    fixed: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    numbers: tuple[str, ...] = ()

    def __call__(self, view, critic, real, fake) -> jax.Array:
        """Return the unweighted penalty; 0 at a step where it is not due."""
        keys = view.keys(f"penalty/{self.name}", real.shape[0])
        section = f"regularizers.{self.name}"
        own = {name: view.knobs[f"{section}.{name}"] for name in self.numbers}

        def due():
            return self.penalty(
                critic, real, fake, keys, mean=view.mean, **self.fixed, **own
            )

        return view.every(self.interval, due, lambda: jnp.zeros(()))

    def weight(self, view) -> jax.Array:
        """Return the weight at a step where the penalty is due."""
        return view.knobs[self.knob] * self.interval


@dataclasses.dataclass(frozen=True)
class WeighedTerm:
    """A term with its weight.

    Attributes:
      name: name of its metric and of its section ``terms.NAME``.
      knob, interval, fixed: as in ``Penalty``.
    """

    name: str
    term: Term
    knob: str
    interval: int = 1
    fixed: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __call__(self, view, player, context) -> tuple[jax.Array, Any]:
        """Return the unweighted term, or 0 if it is not due, and the next view."""
        prefix = f"terms.{self.name}."
        numbers = {
            name.removeprefix(prefix): value
            for name, value in view.knobs.items()
            if name.startswith(prefix)
        }
        place = memory_name(self.name, player)
        held = view.memory.get(place)
        context = dataclasses.replace(context, memory=held)

        def due():
            return self.term.function(context, view, {**self.fixed, **numbers})

        value, memory = view.every(self.interval, due, lambda: (jnp.zeros(()), held))
        return value, view if memory is None else view.remember(**{place: memory})

    def weight(self, view) -> jax.Array:
        """Return the weight at a step where the term is due."""
        return view.knobs[self.knob] * self.interval


@dataclasses.dataclass(frozen=True)
class Adaptation:
    """How the probability of augmentation follows the critic (ADA; Karras et al. 2020,
    arXiv 2006.06676, section 3.1).

    Attributes:
      adapt: ``(probability, sign, target=…, images=…, speed=…) -> probability``, where
        ``sign`` is the mean sign of logits of real samples.
      target, speed: names of the knobs for the target of ``sign``, and for the
        thousands of real samples in which the probability can go from 0 to 1.
    """

    adapt: Callable
    target: str = "augmentation.target"
    speed: str = "augmentation.speed"


def memory_name(what: str, player: str) -> str:
    """Return the name of a player's entry ``what`` in a game's memory."""
    return f"{what}/{player}"
