"""The step lowers for accelerators that this machine does not have."""

import jax
import jax.export
import pytest

from ganjax.core import compile_step, init_state, make_train_step
from tests import tiny

STEPS = {
    "mlp": ("gan", {"parallel__inner_steps": 4}),
    "mlp, r1 + r2": (
        "relativistic",
        {"regularizers__r2__weight": 1.0, "regularizers__dragan__weight": 0.0},
    ),
    "dcgan": ("convolutional", {}),
    "dcgan, lazy r1, scanned, bfloat16": (
        "convolutional",
        {
            "regularizers__r1__weight": 1.0,
            "regularizers__r1__interval": 16,
            "precision": "bfloat16",
        },
    ),
    "sn_dcgan, r1 + r2": (
        "convolutional",
        {
            "networks__generator__width": 8,
            "networks__discriminator__width": 8,
            "networks__generator__name": "sn_dcgan",
            "networks__discriminator__name": "sn_dcgan",
            "regularizers__r1__weight": 1.0,
            "regularizers__r2__weight": 1.0,
        },
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_the_step_lowers(name):
    """Convolutions stay, except those that become matrix products. Lazy terms become
    conditionals."""
    game, overrides = STEPS[name]
    setup = tiny.setup(game, **overrides)
    state = jax.eval_shape(
        lambda: init_state(setup.game, jax.random.key(0), setup.knobs)
    )
    inner_steps = 3 if "scanned" in name else 1
    step = compile_step(
        make_train_step(setup.game, batch=setup.feed.batch), inner_steps=inner_steps
    )
    data = jax.eval_shape(lambda: setup.feed.data)
    for platform in ("tpu", "cuda"):  # one trace for both
        exported = jax.export.export(step, platforms=[platform])(state, data)
        text = exported.mlir_module()
        assert exported.platforms == (platform,)
        # DCGAN at 8 pixels has only convolutions of the image, and on a GPU these are
        # matrix products.
        as_such = game == "convolutional" and (platform == "tpu" or "sn_dcgan" in name)
        assert ("stablehlo.convolution" in text) == as_such
        if "lazy" in name:
            assert "stablehlo.case" in text or "stablehlo.if" in text
            assert "stablehlo.while" in text
