"""How many multiply-adds a function does, counted in its jaxpr.

Only matrix products and convolutions count, in their stock form: faster forms do fewer
multiplications for the same mathematics, and a utilisation is measured against that.
Zeros put between pixels by a fractional stride are no products; those of padding at the
border count, as in every table of the literature.
"""

import math
from collections.abc import Callable

import jax
from jax.extend import core as jex

from ganjax.networks import conv


def multiply_adds(function: Callable, *arguments) -> int:
    """Multiply-adds of ``function(*arguments)``; twice as many FLOPs.

    Args:
      function: anything that JAX can trace. A scan counts as often as it turns, of a
        conditional the dearest branch.
      arguments: arrays or ``jax.ShapeDtypeStruct``.

    Raises:
      ValueError: for products inside a loop of unknown length.
    """
    with conv.form("stock"):
        # A function of its own: JAX keeps traces by function, whatever the form.
        return _of(jax.make_jaxpr(lambda *x: function(*x))(*arguments).jaxpr)


def _of(jaxpr) -> int:
    return sum(_of_equation(equation) for equation in jaxpr.eqns)


def _of_equation(equation) -> int:
    kind, params = equation.primitive.name, equation.params
    if kind == "dot_general":
        (contracted, _), _ = params["dimension_numbers"]
        left, out = equation.invars[0].aval, equation.outvars[0].aval
        return math.prod(out.shape) * math.prod(left.shape[i] for i in contracted)
    if kind == "conv_general_dilated":
        kernel, out = equation.invars[1].aval, equation.outvars[0].aval
        _, channels, *window = params["dimension_numbers"].rhs_spec
        products = math.prod(kernel.shape[i] for i in (channels, *window))
        return math.prod(out.shape) * products // math.prod(params["lhs_dilation"])
    inner = [_of(jaxpr) for jaxpr in _inner(params)]
    if kind == "scan":
        return params["length"] * sum(inner)
    if kind == "cond":
        return max(inner)
    if kind == "while" and sum(inner):
        raise ValueError("a while loop with products in it has no known length")
    return sum(inner)


def _inner(params):
    def is_jaxpr(value):
        return isinstance(value, jex.ClosedJaxpr | jex.Jaxpr)

    for value in jax.tree.leaves(list(params.values()), is_leaf=is_jaxpr):
        if is_jaxpr(value):
            yield getattr(value, "jaxpr", value)
