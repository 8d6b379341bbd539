"""Networks with variables by the rule, and compiled calls on one device."""

from collections.abc import Callable, Mapping
from typing import Any

import jax

from ganjax.networks import conv
from tests.parity import rule, tensors

AXIS = "data"
# A program that runs once compiles faster with less optimisation, and with XLA's
# convolutions. ``tests/networks/test_conv_forms.py`` compares them with ganjax's.
QUICKLY = {"xla_backend_optimization_level": 0}
FORM = "stock"


def variables(
    module,
    names: tensors.Tensors,
    prefix: str,
    *inputs,
    values: Callable = rule.parameter,
) -> dict[str, Any]:
    """Return the variables of a network for some ``inputs``, filled by the rule.

    Args:
      names, prefix, values: see ``tensors.filled``.
    """
    template = jax.eval_shape(
        lambda *x: module.init(jax.random.key(0), *x, train=True), *inputs
    )
    return tensors.filled(template, names, prefix, values)


def applied(
    module, held: Mapping[str, Any], *inputs, method: str | None = None
) -> tuple[Any, dict[str, Any]]:
    """Return a network's output in training mode, and its variables after the pass."""
    kept = [name for name in held if name != "params"]
    output, written = module.apply(
        dict(held), *inputs, train=True, mutable=kept, method=method
    )
    return output, {**held, **written}


def on_one_device(function: Callable, *trees):
    """Return the compiled result of ``function(*trees)``, with the axis of devices
    bound. Large arrays should be arguments: XLA computes with constants slowly, while
    it compiles."""
    axes = (None,) * len(trees)
    mapped = jax.vmap(function, axes, axis_name=AXIS, axis_size=1)
    with conv.form(FORM):
        found = jax.jit(mapped, compiler_options=QUICKLY)(*trees)
    return jax.tree.map(lambda x: x[0], jax.device_get(found))
