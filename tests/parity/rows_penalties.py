"""Penalties of a given critic by the equations of their papers, in float64."""

import functools

import jax
import numpy as np

from ganjax.networks import mlp
from ganjax.objectives import REGULARIZERS
from tests.parity.fully_connected import (
    BATCH,
    HIDDEN,
    SIZE,
    samples,
    tensors_of,
    uniform,
)
from tests.parity.networks import on_one_device, variables
from tests.parity.row import Row
from tests.parity.tensors import named

SOURCES = {
    "r1": "arXiv 1801.04406, eq. 9",
    "r2": "arXiv 1801.04406, eq. 10",
    "wgan_gp": "arXiv 1704.00028, eq. 3",
    "dragan": "arXiv 1705.07215, with the noise of the authors' code",
}
# The draws of each penalty. WGAN-GP: the share of the fake sample. DRAGAN: α·u.
DRAWS = {
    "r1": np.zeros(BATCH, np.float32),
    "r2": np.zeros(BATCH, np.float32),
    "wgan_gp": uniform("wgan_gp/t", (BATCH,)),
    "dragan": uniform("dragan/alpha", (BATCH, 1)) * uniform("dragan/u", (BATCH, SIZE)),
}


def penalty(name, fixture):
    module = mlp.Discriminator(widths=HIDDEN["discriminator"], activation="tanh")
    real, fake, names = samples("real"), samples("fake"), tensors_of(3)

    def paid(params, *given):
        def critic(x):
            return module.apply({"params": params}, x, train=True)

        return REGULARIZERS[name](critic, *given)

    params = variables(module, names, "critic.", real)["params"]
    value, slopes = on_one_device(
        jax.value_and_grad(paid), params, real, fake, DRAWS[name]
    )
    return {"loss/penalty": value, **named(slopes, names, "gradient")}


ROWS = [
    Row(
        f"penalty_{name}",
        (("penalties", name),),
        source,
        "the penalty of a given critic and its gradient by the parameters",
        functools.partial(penalty, name),
    )
    for name, source in SOURCES.items()
]
