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

    A knob is a number of the config that the compiled step takes as data.

    Attributes:
      name: name of its metric and of its section ``regularizers.NAME``.
      penalty: function like an entry of ``REGULARIZERS``.
      knob: name of the knob with its weight.
      interval: steps from one use to the next. A penalty with an interval above 1 is
        lazy (Karras et al. 2020, arXiv 1912.04958, appendix B): it is used at every
        ``interval``-th step, with ``interval`` times its weight.
      apart: whether the penalty has a separate update, after the update by the loss and
        with the same optimizer, as in that paper. Otherwise it is a part of the loss.
      player: the critic whose loss has the penalty; ``None`` for every critic.
      fixed: values of its options that are not knobs.
      numbers: names of its options that are knobs, without the weight.
    """

    name: str
    penalty: Callable
    knob: str
    interval: int = 1
    apart: bool = False
    player: str | None = None
    fixed: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    numbers: tuple[str, ...] = ()

    def __call__(self, view, critic, real, fake) -> jax.Array:
        """Return the penalty before it is weighted. It is 0 at a step where the penalty
        is not due.

        Args:
          critic: ``x [n, …] -> logits [n]``.
          real, fake: samples ``[n, …]``.
        """
        keys = view.draw(f"penalty/{self.name}", real.shape[0], lambda keys: keys)
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
    """A loss term with its weight.

    Attributes:
      name: name of the term's metric, and of its section ``terms.NAME`` of the config.
      knob: name of the knob that holds the term's weight. A knob is a number that the
        compiled step takes as data.
      interval: steps from one use to the next, as in ``Penalty``.
      fixed: values of the options that are not knobs.
    """

    name: str
    term: Term
    knob: str
    interval: int = 1
    fixed: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __call__(self, view, player, context) -> tuple[jax.Array, Any]:
        """Return the term before it is weighted, and the next view. The value is 0 at a
        step where the term is not due. The view keeps what the term remembers for its
        next update."""
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
        ``sign`` is the mean sign of logits of real samples since the last change, and
        ``images`` counts these samples.
      interval: updates of the critic from one change to the next.
      target, speed: names of two knobs: the target of ``sign``, and the thousands of
        real samples in which the probability can go from 0 to 1.
    """

    adapt: Callable
    interval: int
    target: str = "augmentation.target"
    speed: str = "augmentation.speed"

    def memory(self, critic: str) -> dict[str, Any]:
        """Return the initial values in the game's memory: the probability, and the sum
        of the mean signs of the updates since the last change."""
        zero = jnp.zeros(())
        return {
            memory_name("augmentation", critic): zero,
            memory_name("signs", critic): {"sum": zero, "updates": zero},
        }

    def __call__(
        self, view, critic, probability, real_logits, n: int
    ) -> tuple[Any, jax.Array]:
        """Return the next view and the next probability, after an update of the critic
        with ``n`` real samples on this device. ``critic`` is the name of its network.
        """
        sign = view.mean(jnp.mean(jnp.sign(jax.lax.stop_gradient(real_logits))))
        place = memory_name("signs", critic)
        held = jax.tree.map(jnp.add, view.memory[place], {"sum": sign, "updates": 1.0})
        due = held["updates"] >= self.interval
        images = self.interval * n * jax.lax.axis_size(view.axis)
        moved = self.adapt(
            probability,
            held["sum"] / self.interval,
            target=view.knobs[self.target],
            images=images,
            speed=view.knobs[self.speed],
        )
        moved = jnp.where(due, moved, probability)
        held = jax.tree.map(lambda x: jnp.where(due, 0.0, x), held)
        now = {memory_name("augmentation", critic): moved, place: held}
        return view.remember(**now), moved


def memory_name(what: str, player: str) -> str:
    """Return the name of the entry ``what`` of a player in the game's memory, which
    keeps values between updates."""
    return f"{what}/{player}"
