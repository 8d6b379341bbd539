"""A loop that keeps convolutions fast on every platform."""

import jax
from jax.extend import core as jex


def contains_convolution(jaxpr) -> bool:
    """Whether a convolution is anywhere in ``jaxpr``, inner jaxprs included."""
    for equation in jaxpr.eqns:
        if equation.primitive.name == "conv_general_dilated":
            return True
        for value in jax.tree.leaves(
            list(equation.params.values()),
            is_leaf=lambda v: isinstance(v, (jex.ClosedJaxpr, jex.Jaxpr)),
        ):
            inner = getattr(value, "jaxpr", value)
            if isinstance(inner, jex.Jaxpr) and contains_convolution(inner):
                return True
    return False


def loop(body, carry, xs, length: int):
    """``jax.lax.scan``, unrolled on CPU where the body holds convolutions.

    XLA's CPU backend runs a convolution inside a while loop about ten times slower than
    outside of one; everywhere else a rolled loop compiles faster and runs as fast.
    """
    unroll = 1
    if length > 1 and jax.default_backend() == "cpu":
        first = jax.tree.map(lambda x: x[0], xs)
        if contains_convolution(jax.make_jaxpr(body)(carry, first).jaxpr):
            unroll = length
    if length == 1:
        unroll = True
    return jax.lax.scan(body, carry, xs, length=length, unroll=unroll)
