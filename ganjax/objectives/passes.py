"""The passes of a critic over real and generated samples in one update."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ganjax.networks.heads import CriticOutput
from ganjax.objectives.regularizers import CriticPass

PASSES = ("owner", "joined", "separate")
PASSES_HELP = "which passes of a network write its variables"


def judge_both(
    view: Any,
    critic: str,
    inputs: Callable[[str, jax.Array], tuple],
    real: jax.Array,
    fake: jax.Array,
    *,
    passes: str,
    full: bool,
    lazy: bool,
) -> tuple[CriticOutput, CriticOutput, Any, CriticPass]:
    """Return the critic's outputs for real and generated samples, the next view, and
    the critic for penalties.

    A critic that treats samples alone judges both sides in one pass, if no penalty
    needs the gradients of this pass.

    Args:
      view: the ``View`` of the critic's update.
      critic: name of the network.
      inputs: ``(side, x [n, …]) -> inputs`` of the network; the side is ``'real'`` or
        ``'fake'``.
      real, fake: packed samples ``[n, …]``.
      passes: see ``Adversary.passes``.
      full: whether the outputs have more than logits.
      lazy: whether no penalty is due at every step.
    """

    def logits_at(side):
        def at(x):
            judged, after = critic_output(view, critic, inputs(side, x), full)
            return judged.logits, (judged, after.variables)

        return at

    plain = CriticPass(lambda x: of_samples(logits_at("real")(x)[0]))
    if passes == "separate":
        seen = inputs("real", real), inputs("fake", fake)
        of_real, after = critic_output(view, critic, seen[0], full)
        of_fake, after = critic_output(after, critic, seen[1], full)
        return of_real, of_fake, after, plain
    if lazy and view.treats_samples_alone(critic):
        sides = inputs("real", real), inputs("fake", fake)
        seen = jax.tree.map(lambda *x: jnp.concatenate(x), *sides)
        both, after = critic_output(view, critic, seen, full)
        halves = jax.tree.map(lambda x: jnp.split(x, 2), both)
        outer = jax.tree.structure(both)
        of_real, of_fake = jax.tree.transpose(outer, None, halves)
        return of_real, of_fake, after, plain
    fake_logits, pull_fake, (of_fake, _) = jax.vjp(
        logits_at("fake"), fake, has_aux=True
    )
    real_logits, pull_real, (of_real, written) = jax.vjp(
        logits_at("real"), real, has_aux=True
    )
    known = CriticPass(
        plain.logits,
        (
            (real, lambda: pull_real(_shares(real_logits))[0]),
            (fake, lambda: pull_fake(_shares(fake_logits))[0]),
        ),
    )
    # The pullbacks carry only the derivative of the logits.
    of_real = of_real.replace(logits=real_logits)
    of_fake = of_fake.replace(logits=fake_logits)
    return of_real, of_fake, dataclasses.replace(view, variables=written), known


def critic_output(
    view: Any, critic: str, inputs: tuple, full: bool
) -> tuple[CriticOutput, Any]:
    """Return the critic's output and the next view; only logits unless ``full``."""
    if full:
        return view.update(critic, *inputs, method="full_output")
    logits, after = view.update(critic, *inputs)
    return CriticOutput(logits), after


def of_samples(logits: jax.Array) -> jax.Array:
    """Return a logit per sample ``[n]``; patch logits ``[n, p]`` are averaged."""
    return logits if logits.ndim == 1 else jnp.mean(logits, axis=1)


def _shares(logits):
    """Return the weight of each logit in the sum over samples."""
    return jnp.full_like(logits, len(logits) / logits.size)
