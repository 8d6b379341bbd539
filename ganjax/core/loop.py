"""A loop that keeps convolutions fast on every platform."""

import jax
import jax.numpy as jnp
from jax.extend import core as jex


def contains_convolution(jaxpr, platform: str) -> bool:
    """Whether ``jaxpr``, inner jaxprs included, holds a convolution when it is lowered
    for ``platform``."""
    return any(
        equation.primitive.name == "conv_general_dilated"
        or any(contains_convolution(i, platform) for i in _inner(equation, platform))
        for equation in jaxpr.eqns
    )


def _inner(equation, platform):
    params = dict(equation.params)
    if choices := params.get("branches_platforms"):
        # Of a choice by platform only one branch is lowered; None stands for the rest.
        named = [i for i, names in enumerate(choices) if names and platform in names]
        rest = [i for i, names in enumerate(choices) if names is None]
        params["branches"] = [params["branches"][i] for i in (named or rest)]
    for value in jax.tree.leaves(
        list(params.values()),
        is_leaf=lambda v: isinstance(v, (jex.ClosedJaxpr, jex.Jaxpr)),
    ):
        inner = getattr(value, "jaxpr", value)
        if isinstance(inner, jex.Jaxpr):
            yield inner


def loop(body, carry, xs, length: int):
    """``jax.lax.scan``, unrolled on CPU where the body holds convolutions.

    XLA's CPU backend runs a convolution inside a while loop about ten times slower than
    outside of one; everywhere else a rolled loop compiles faster and runs as fast. A
    single turn is no loop at all: ``scan`` would leave a while around it.
    """

    def at(i):
        return jax.tree.map(lambda x: x[i], xs)

    body = jax.jit(body, inline=True)  # traced once, however often it is unrolled
    if length > 1 and not (
        jax.default_backend() == "cpu"
        and contains_convolution(jax.make_jaxpr(body)(carry, at(0)).jaxpr, "cpu")
    ):
        return jax.lax.scan(body, carry, xs, length=length)
    outputs = []
    for i in range(length):
        carry, output = body(carry, at(i))
        outputs.append(output)
    return carry, jax.tree.map(lambda *x: jnp.stack(x), *outputs)
