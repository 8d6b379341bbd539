"""LeCam over several turns: values, gradients and averages of both official codes."""

import functools

import jax
import jax.numpy as jnp

from ganjax.objectives import TERMS
from tests.parity import rule
from tests.parity.networks import on_one_device
from tests.parity.row import Row
from tests.parity.views import context, view


def regularised(turns, n, numbers, fixture):
    """Return what the term gives in ``turns`` turns, each with ``n`` logits."""
    term = TERMS["lecam"]
    names = [(side, turn) for turn in range(turns) for side in ("real", "fake")]
    logits = {x: rule.numbers(f"lecam.{x[0]}.{x[1]}", (n,)) for x in names}

    def all_turns(logits):
        found, memory = {}, jax.tree.map(jnp.float32, term.memory)
        for turn in range(turns):
            given = logits["real", turn], logits["fake", turn]

            def value(real, fake, turn=turn, memory=memory):
                seen = context(real, fake, memory=memory)
                return term.function(seen, view(step=turn), numbers)

            both = jax.value_and_grad(value, (0, 1), has_aux=True)
            (price, memory), slopes = both(*given)
            found[f"loss/{turn}"] = price
            for side, slope in zip(("real", "fake"), slopes, strict=True):
                found[f"gradient/{side}.{turn}"] = slope
                found[f"output/{side}.{turn}"] = memory[side]
        return found

    return on_one_device(all_turns, logits)


ROWS = [
    Row(
        "lecam_biggan",
        (("terms", "lecam"),),
        "lecam-gan",
        "six turns of BigGAN's code (decay 0.9, begin 3): values, gradients, averages",
        functools.partial(regularised, 6, 5, {"decay": 0.9, "begin": 3}),
    ),
    Row(
        "lecam_stylegan2",
        (("terms", "lecam"),),
        "lecam-gan f9af948, stylegan2/lecam_loss.py (TensorFlow 1), "
        "as equations in float64",
        "four turns of StyleGAN2's code (decay 0.99): values, gradients, averages",
        functools.partial(regularised, 4, 5, {"decay": 0.99, "begin": 0}),
    ),
]
