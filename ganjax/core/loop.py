"""A loop that keeps convolutions fast on every platform."""

import jax
import jax.numpy as jnp
from jax.extend import core as jex


def contains_convolution(jaxpr, platform: str) -> bool:
    """Return whether a traced program runs XLA's convolution on ``platform``, such as
    ``'cpu'``. ``jaxpr`` is the program as JAX traced it. Programs inside it, such as
    the bodies of loops, count too."""
    return any(
        equation.primitive.name == "conv_general_dilated"
        or any(contains_convolution(i, platform) for i in _inner(equation, platform))
        for equation in jaxpr.eqns
    )


def _inner(equation, platform):
    params = dict(equation.params)
    if choices := params.get("branches_platforms"):
        # A choice by platform lowers only one branch. None means all other platforms.
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
    """Run ``jax.lax.scan``, unrolled on CPU if the body contains convolutions.

    XLA's CPU backend runs a convolution inside a while loop about ten times slower than
    outside. In all other cases a rolled loop compiles faster and runs equally fast.
    With ``length`` 1 the body runs without a loop, because ``scan`` would add a while
    loop around it. Return ``(carry, outputs)``, as ``scan`` does.
    """

    def at(i):
        return jax.tree.map(lambda x: x[i], xs)

    body = jax.jit(body, inline=True)  # traced once, also if it is unrolled
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
