"""The U-Net of gated convolutions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.networks.gated_unet import Generator
from tests.parameters import count, initialised, output

KEY = jax.random.key(0)


def test_parameters_by_hand():
    """Widths 2 and 4, an image with its mask, one halving, one block: 2·(25·2 + 1)·2,
    2·(9·2 + 1)·4, 2·(9·4 + 1)·4, 2·(9·6 + 1)·2, 25·2 + 1."""
    module = Generator((8, 8, 1), width=2, depth=1, blocks=1)
    assert count(module, 8, 8, 2) == 204 + 152 + 296 + 220 + 51


@pytest.mark.parametrize(
    ("size", "depth"), [((28, 28), 2), ((64, 64), 3), ((48, 32), 2), ((9, 9), 0)]
)
def test_halvings_that_fit(size, depth):
    """28 pixels become 7, 64 become 8, and 32 become 8; 9 is odd."""
    found = Generator((*size, 3), width=2)
    assert output(found, *size, 4).shape == (5, *size, 3)
    own = Generator((*size, 3), width=2, depth=depth)
    assert count(found, *size, 4) == count(own, *size, 4)


def test_a_closed_gate_stops_its_features():
    """With gates of −∞ the last layer sees only zeros, so the image is its bias.
    With gates of +∞ the features pass unchanged: ELU of the bias, here 1."""
    module = Generator((6, 6, 1), width=1, depth=0, blocks=0)
    variables = initialised(module, KEY, jnp.zeros((1, 6, 6, 2)))
    params = jax.tree.map(jnp.zeros_like, variables["params"])
    last = {"kernel": params["Conv_1"]["kernel"].at[2, 2].set(0.5)}
    for gate, expected in ((-100.0, 0.25), (100.0, 0.5 + 0.25)):
        first = params["Conv_0"] | {"bias": jnp.array([1.0, gate])}
        own = {"Conv_0": first, "Conv_1": last | {"bias": jnp.array([0.25])}}
        made = module.apply({"params": own}, jnp.ones((1, 6, 6, 2)), train=False)
        np.testing.assert_allclose(made, expected, rtol=1e-5)


def test_pixels_outside_of_the_range_are_limited_and_only_come_back():
    """The bias is every pixel. Descent on the sum moves pixels down, and descent on its
    negative moves them up."""
    module = Generator((6, 6, 1), width=1, depth=0, blocks=0)
    zeros = jnp.zeros((1, 6, 6, 2))
    params = initialised(module, KEY, zeros)["params"]

    def total(bias, sign):
        last = {**params["Conv_1"], "bias": jnp.array([bias])}
        own = {"params": {**params, "Conv_1": last}}
        return sign * module.apply(own, zeros, train=False).sum()

    for bias, image, down, up in (
        (7.0, 36, 36, 0),
        (-7.0, -36, 0, 36),
        (0.5, 18, 36, 36),
    ):
        for sign, expected in ((1, down), (-1, -up)):
            value, slope = jax.value_and_grad(total)(bias, sign)
            np.testing.assert_allclose(
                [value, slope], [sign * image, expected], rtol=1e-5
            )


def test_a_size_that_cannot_be_halved_is_refused():
    with pytest.raises(BadInput, match="multiples of 4, not 10×8×1"):
        count(Generator((10, 8, 1), width=2, depth=2), 10, 8, 2)
