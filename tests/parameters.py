"""What a network is initialised to, or would be, without computing it."""

import math

import jax
import jax.numpy as jnp


def initial(module, *shape, labels=False, n=2):
    """The variables of ``module`` for inputs ``[n, *shape]`` (and labels ``[n]``), as
    shapes."""
    x = [jax.ShapeDtypeStruct((n, *shape), jnp.float32)]
    if labels:
        x.append(jax.ShapeDtypeStruct((n,), jnp.int32))
    return jax.eval_shape(lambda *x: module.init(jax.random.key(0), *x, train=True), *x)


def initialised(module, key, *inputs):
    """The variables of ``module`` for ``inputs``, by one program: op by op, as ``init``
    runs, takes longer."""
    return jax.jit(lambda key, *x: module.init(key, *x, train=True))(key, *inputs)


def count(module, *shape, labels=False):
    """How many parameters ``module`` has."""
    leaves = jax.tree.leaves(initial(module, *shape, labels=labels)["params"])
    return sum(math.prod(leaf.shape) for leaf in leaves)


def output(module, *shape, labels=False, n=5):
    """What ``module`` makes of ``[n, *shape]`` (and labels), as a shape."""
    x = [jax.ShapeDtypeStruct((n, *shape), jnp.float32)]
    if labels:
        x.append(jax.ShapeDtypeStruct((n,), jnp.int32))
    variables = initial(module, *shape, labels=labels)
    return jax.eval_shape(lambda v, *x: module.apply(v, *x, train=False), variables, *x)
