"""Variables, parameter counts and output shapes of a network."""

import math

import jax
import jax.numpy as jnp


def initial(module, *shape, labels=False, n=2):
    """Return the shapes of the variables of ``module`` for inputs ``[n, *shape]`` (and
    labels ``[n]``). Nothing is computed."""
    x = [jax.ShapeDtypeStruct((n, *shape), jnp.float32)]
    if labels:
        x.append(jax.ShapeDtypeStruct((n,), jnp.int32))
    return jax.eval_shape(lambda *x: module.init(jax.random.key(0), *x, train=True), *x)


def initialised(module, key, *inputs):
    """Return the variables of ``module`` for ``inputs``. One compiled program is faster
    than ``init``, which runs op by op."""
    return jax.jit(lambda key, *x: module.init(key, *x, train=True))(key, *inputs)


def count(module, *shape, labels=False):
    """Return the number of parameters of ``module``."""
    leaves = jax.tree.leaves(initial(module, *shape, labels=labels)["params"])
    return sum(math.prod(leaf.shape) for leaf in leaves)


def output(module, *shape, labels=False, n=5):
    """Return the shape of the output for inputs ``[n, *shape]`` (and labels)."""
    x = [jax.ShapeDtypeStruct((n, *shape), jnp.float32)]
    if labels:
        x.append(jax.ShapeDtypeStruct((n,), jnp.int32))
    variables = initial(module, *shape, labels=labels)
    return jax.eval_shape(lambda v, *x: module.apply(v, *x, train=False), variables, *x)
