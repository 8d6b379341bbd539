"""Count the multiply-adds of a function, which JAX traces.

Only matrix products and convolutions count, and a convolution counts as its definition
computes it (the form ``stock`` of ``conv``). Faster forms need fewer multiplications
for the same mathematics, but utilisation is measured against this form. Zeros that a
fractional stride puts between pixels do not count. Zeros of padding at the border
count, as in every table of the literature.
"""

import math
from collections.abc import Callable

import jax
from jax.extend import core as jex

from ganjax.networks import conv


def multiply_adds(function: Callable, *arguments) -> int:
    """Return the multiply-adds of ``function(*arguments)``. FLOPs are twice as many.

    Args:
      function: anything that JAX can trace. The body of a scan counts once per
        iteration. Only the most expensive branch of a conditional counts.
      arguments: arrays or ``jax.ShapeDtypeStruct``.

    Raises:
      ValueError: for products inside a loop of unknown length.
    """
    return _total(function, arguments, _products)


def outputs(function: Callable, *arguments) -> int:
    """Return how many numbers all matrix products and convolutions of
    ``function(*arguments)`` output. A backward pass keeps about as many in memory.

    Args:
      function: anything that JAX can trace. The body of a scan counts once per
        iteration. Only the most expensive branch of a conditional counts.
      arguments: arrays or ``jax.ShapeDtypeStruct``.

    Raises:
      ValueError: for products inside a loop of unknown length.
    """
    return _total(function, arguments, lambda equation: _size(equation.outvars[0]))


def _total(function, arguments, count):
    with conv.form("stock"):
        # A new function object, because JAX caches traces by function, not by form.
        return _of(jax.make_jaxpr(lambda *x: function(*x))(*arguments).jaxpr, count)


def _size(variable):
    return math.prod(variable.aval.shape)


def _products(equation):
    params, (left, right) = equation.params, equation.invars
    if equation.primitive.name == "dot_general":
        (contracted, _), _ = params["dimension_numbers"]
        inner = math.prod(left.aval.shape[i] for i in contracted)
        return _size(equation.outvars[0]) * inner
    _, channels, *window = params["dimension_numbers"].rhs_spec
    inner = math.prod(right.aval.shape[i] for i in (channels, *window))
    return _size(equation.outvars[0]) * inner // math.prod(params["lhs_dilation"])


def _of(jaxpr, count) -> int:
    return sum(_of_equation(equation, count) for equation in jaxpr.eqns)


def _of_equation(equation, count) -> int:
    kind, params = equation.primitive.name, equation.params
    if kind in ("dot_general", "conv_general_dilated"):
        return count(equation)
    inner = [_of(jaxpr, count) for jaxpr in _inner(params)]
    if kind == "scan":
        return params["length"] * sum(inner)
    if kind == "cond":
        return max(inner)
    if kind == "while" and sum(inner):
        raise ValueError("a while loop with products has no known length: use a scan")
    return sum(inner)


def _inner(params):
    def is_jaxpr(value):
        return isinstance(value, jex.ClosedJaxpr | jex.Jaxpr)

    for value in jax.tree.leaves(list(params.values()), is_leaf=is_jaxpr):
        if is_jaxpr(value):
            yield getattr(value, "jaxpr", value)
