"""Networks from image to image, and the PatchGAN discriminator."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.networks import cyclegan_resnet, patchgan, unet
from tests.parameters import count, initial, initialised, output

KEY = jax.random.key(0)


def kernels(variables):
    return [v["kernel"] for k, v in variables["params"].items() if "Conv" in k]


# --- pix2pix's U-Net ------------------------------------------------------------------


def test_parameters_of_the_published_unet():
    # 3-64-128-256-512-512-512-512-512, and back with twice the input channels
    expected = (
        16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 4 * 512 * 512)
        + 16 * (512 * 512 + 3 * 1024 * 512 + 1024 * 256 + 512 * 128 + 256 * 64)
        + 16 * 128 * 3 + 3
        + 2 * (128 + 256 + 4 * 512)  # all but the first and the innermost
        + 2 * (4 * 512 + 256 + 128 + 64)
    )  # fmt: skip
    # The authors' PyTorch code has 54.414 million. Its first and innermost layers have
    # no bias, although no normalisation follows them.
    assert expected == 54_413_955
    module = unet.Generator((256, 256, 3))
    assert count(module, 256, 256, 3) == expected + 64 + 512
    assert count(module.clone(biases=False), 256, 256, 3) == expected


@pytest.mark.parametrize(
    "normalization, own", [("batch", 2), ("none", 1), ("instance", 0)]
)
def test_parameters_of_a_small_unet(normalization, own):
    # 8 pixels: 2-4-8-16 and 16-8, 16-4, 8-3; normalised: 8, then 8 and 4
    expected = (
        16 * (2 * 4 + 4 * 8 + 8 * 16) + 4 + 16
        + 16 * (16 * 8 + 16 * 4 + 8 * 3) + 3
        + own * (8 + 8 + 4)
    )  # fmt: skip
    module = unet.Generator((8, 8, 3), width=4, normalization=normalization)
    assert count(module, 8, 8, 2) == expected


@pytest.mark.parametrize(
    "size, depth, halvings",
    [
        (256, 0, 8), (512, 0, 8), (128, 0, 7), (96, 0, 5), (28, 0, 2), (10, 0, 1),
        (256, 3, 3), (28, 2, 2), (8, 1, 1),
    ],
)  # fmt: skip
def test_how_deep_a_unet_is(size, depth, halvings):
    module = unet.Generator((size, size, 1), width=2, depth=depth)
    assert len(kernels(initial(module, size, size, 1))) == 2 * halvings
    assert output(module, size, size, 1).shape == (5, size, size, 1)


@pytest.mark.full
def test_a_unet_sees_each_resolution_past_the_innermost_layer():
    module = unet.Generator((16, 16, 1), width=4, normalization="none")
    x = jax.random.normal(KEY, (1, 16, 16, 1))
    variables = initialised(module, jax.random.key(1), x)
    # four halvings: without the innermost layer a pixel affects only its neighbours
    zeros = jax.tree.map(jnp.zeros_like, variables["params"])
    cut = {**variables["params"], "Conv_3": zeros["Conv_3"]}

    @jax.jit
    def made(params, x):
        return module.apply({"params": params}, x, train=False)

    def reaches(params):
        moved = x.at[0, 0, 0, 0].add(10)
        return np.abs(made(params, moved) - made(params, x))[0, :, :, 0] > 0

    assert reaches(variables["params"])[15, 15]
    near = reaches(cut)
    assert near[0, 0] and not near[15, 15]
    last = {**cut, "Conv_2": zeros["Conv_2"]}
    assert reaches(last).sum() < near.sum()


# --- CycleGAN's residual network ------------------------------------------------------


def test_parameters_of_the_published_resnet():
    # c7s1-64, d128, d256, R256 × 9, u128, u64, c7s1-3; no biases but the last
    expected = (
        49 * 3 * 64 + 9 * (64 * 128 + 128 * 256) + 18 * 9 * 256 * 256
        + 9 * (256 * 128 + 128 * 64) + 49 * 64 * 3 + 3
    )  # fmt: skip
    module = cyclegan_resnet.Generator((256, 256, 3))
    assert count(module, 256, 256, 3) == expected == 11_372_931
    # The authors' PyTorch code has 11.378 million. It has more biases, but its instance
    # normalisation subtracts them again. It has no scale and no shift either.
    biases = 64 + 128 + 256 + 18 * 256 + 128 + 64
    assert expected + biases == 11_378_179
    free = module.clone(normalization="none")
    assert count(free, 256, 256, 3) == 11_378_179
    assert count(module.clone(normalization="batch"), 256, 256, 3) == (
        expected + 2 * biases
    )


@pytest.mark.parametrize(
    "size, blocks, found", [(256, 0, 9), (128, 0, 6), (8, 0, 6), (32, 2, 2)]
)
def test_blocks_of_the_resnet(size, blocks, found):
    module = cyclegan_resnet.Generator((size, size, 1), width=2, blocks=blocks)
    made = initial(module, size, size, 2)
    assert len(kernels(made)) == 3 + 2 * found + 3
    assert output(module, size, size, 2).shape == (5, size, size, 1)


def wired(size):
    """Return a residual network with one channel and one block.

    With its parameters it keeps the pixels at multiples of four, and all others become
    zero: each kernel has a single nonzero weight, in its middle."""
    module = cyclegan_resnet.Generator(
        (size, size, 1), width=1, blocks=1, normalization="none"
    )
    x = jax.random.uniform(KEY, (1, size, size, 1), minval=0.1)
    params = jax.tree.map(jnp.zeros_like, initialised(module, KEY, x)["params"])

    def with_one(params, layer, row, column):
        kernel = params[layer]["kernel"].at[row, column, 0, 0].set(1)
        return {**params, layer: {**params[layer], "kernel": kernel}}

    for layer, centre in (
        ("Conv_0", 3), ("Conv_1", 1), ("Conv_2", 1), ("Conv_5", 1), ("Conv_6", 1),
        ("Conv_7", 3),
    ):  # fmt: skip
        params = with_one(params, layer, centre, centre)
    return module, params, x, with_one


@functools.lru_cache(maxsize=1)
def _show(module):
    return jax.jit(functools.partial(module.apply, train=False))


def shown(module, params, x):
    """Return the nonzero pixels of the output, in rows."""
    made = np.asarray(_show(module)({"params": params}, x))[0, :, :, 0]
    rows, columns = np.nonzero(made)
    n = x.shape[1] // 4
    every_fourth = list(range(0, x.shape[1], 4))
    assert len(rows) == n * n
    assert sorted(set(rows)) == sorted(set(columns)) == every_fourth
    return np.arctanh(made[made != 0]).reshape(n, n)


def test_the_resnet_reflects_at_the_border():
    module, params, x, with_one = wired(12)
    pixels = np.asarray(x)[0, :, :, 0]
    coarse = pixels[::4, ::4]
    np.testing.assert_allclose(shown(module, params, x), coarse, rtol=1e-5)
    # the first layer reads three rows higher; row -3 is reflected to row 3
    up = {**params, "Conv_0": jax.tree.map(jnp.zeros_like, params["Conv_0"])}
    up = with_one(up, "Conv_0", 0, 3)
    expected = pixels[[3, 1, 5], ::4]
    np.testing.assert_allclose(shown(module, up, x), expected, rtol=1e-5)
    # the block adds the next row; at the last row it adds the row before
    block = with_one(with_one(params, "Conv_3", 2, 1), "Conv_4", 1, 1)
    expected = coarse + coarse[[1, 2, 1]]
    np.testing.assert_allclose(shown(module, block, x), expected, rtol=1e-5)


@pytest.mark.parametrize(
    "module",
    [
        cyclegan_resnet.Generator((16, 16, 3), width=16, blocks=1),
        unet.Generator((16, 16, 3), width=16),
        patchgan.Discriminator(width=16),
    ],
)
def test_kernels_start_with_the_papers_deviation(module):
    """Normal with the deviation 0.02, and biases of 0."""
    params = initialised(module, KEY, jnp.zeros((2, 16, 16, 3)))["params"]
    for name, layer in params.items():
        if "Conv" in name and layer["kernel"].size > 4000:
            assert abs(np.std(layer["kernel"]) / 0.02 - 1) < 0.05
            assert abs(np.mean(layer["kernel"])) < 0.001
        assert not np.any(layer.get("bias", 0))


@pytest.mark.parametrize("architecture", [unet, cyclegan_resnet])
def test_what_is_no_image_to_translate(architecture):
    module = architecture.Generator((8, 8, 1), width=2)
    with pytest.raises(BadInput, match="images to translate, .* 8×8×1, not 12"):
        initial(module, 12)
    with pytest.raises(BadInput, match="of the size of 8×8×1, not 16×16×1"):
        initial(module, 16, 16, 1)


def test_sizes_that_there_are_not():
    with pytest.raises(BadInput, match="multiples of 2, not 7×8×1"):
        initial(unet.Generator((7, 8, 1), width=2), 7, 8, 1)
    with pytest.raises(BadInput, match="multiples of 8, not 28×28×1"):
        initial(unet.Generator((28, 28, 1), width=2, depth=3), 28, 28, 1)
    with pytest.raises(BadInput, match="multiples of 4, not 10×10×1; nearest 8×8"):
        initial(cyclegan_resnet.Generator((10, 10, 1), width=2), 10, 10, 1)
    with pytest.raises(BadInput, match="at least 8 pixels .* not 4×4×1; nearest 8×8;"):
        initial(cyclegan_resnet.Generator((4, 4, 1), width=2), 4, 4, 1)


@pytest.mark.parametrize(
    "architecture, options", [(unet, {}), (cyclegan_resnet, {"blocks": 1})]
)
@pytest.mark.parametrize(
    "normalization",
    ["instance", *(pytest.param(n, marks=pytest.mark.full) for n in ("none", "batch"))],
)
def test_images_are_in_range(architecture, options, normalization):
    module = architecture.Generator(
        (16, 16, 3), width=2, normalization=normalization, **options
    )
    x = jax.random.normal(KEY, (2, 16, 16, 2))

    @jax.jit
    def first_images(key):
        variables = initialised(module, key, x)
        return module.apply(variables, 1e3 * x, train=False)

    made = np.asarray(first_images(jax.random.key(1)))
    assert made.shape == (2, 16, 16, 3) and np.abs(made).max() <= 1
    assert np.abs(made[0] - made[1]).max() > 0


# --- PatchGAN -------------------------------------------------------------------------


def test_parameters_of_the_published_patchgan():
    # 6-64-128-256-512-1; biases in the first and the last, batch norm between
    expected = (
        16 * (6 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512) + 64 + 1
        + 2 * (128 + 256 + 512)
    )  # fmt: skip
    critic = patchgan.Discriminator()
    assert count(critic, 256, 256, 6) == expected == 2_768_705
    for normalization, own in (("none", 1), ("spectral", 1), ("instance", 0)):
        other = critic.clone(normalization=normalization)
        found = count(other, 256, 256, 6)
        assert found == expected - (2 - own) * (128 + 256 + 512)


@pytest.mark.parametrize(
    "layers, patch, patches",
    [
        (3, 70, 12),
        *(
            pytest.param(*of, marks=pytest.mark.full)
            for of in ((1, 16, 48), (2, 34, 24), (0, 7, 96))
        ),
    ],
)
def test_a_patch_has_seventy_pixels(layers, patch, patches):
    """The gradient of a middle logit is nonzero inside a square of the paper's size and
    zero outside."""
    critic = patchgan.Discriminator(width=2, layers=layers, normalization="none")
    x = jax.random.normal(KEY, (1, 96, 96, 1))
    variables = initialised(critic, jax.random.key(1), x)
    middle = (patches // 2) * patches + patches // 2

    @jax.jit
    @jax.grad
    def gradient(x):
        logits = critic.apply(variables, x, train=False)
        assert logits.shape == (1, patches**2)
        return logits[0, middle]

    rows, columns = np.nonzero(gradient(x)[0, :, :, 0])
    assert np.ptp(rows) + 1 == np.ptp(columns) + 1 == patch
    assert 0 < rows.min() and rows.max() < 95
    assert len(rows) > 0.99 * patch**2


@pytest.mark.parametrize("size, patches", [(256, 32), (64, 8), (28, 4), (8, 1)])
def test_logits_of_patches(size, patches):
    critic = patchgan.Discriminator(width=2)
    assert output(critic, size, size, 3).shape == (5, patches**2)
    x = jax.ShapeDtypeStruct((5, size, size, 3), jnp.float32)
    judged = jax.eval_shape(
        lambda v, x: critic.apply(v, x, train=False, method="full_output"),
        initial(critic, size, size, 3),
        x,
    )
    assert judged.logits.dtype == judged.features.dtype == jnp.float32
    assert judged.features.shape == (5, 16)
    assert judged.outputs == {}


@pytest.mark.parametrize("size, patches", [(256, 30), (70, 6), (28, 1), (24, 1)])
def test_patches_as_the_authors_pad(size, patches):
    """Each convolution of stride 1 removes a row. 256 pixels have 30×30 patches in the
    authors' code."""
    critic = patchgan.Discriminator(width=2, padding="one")
    assert output(critic, size, size, 3).shape == (5, patches**2)


def test_images_that_have_no_patch_are_refused():
    critic = patchgan.Discriminator(width=2, padding="one")
    with pytest.raises(BadInput, match="at least 24 pixels, not 23×32×3; nearest 24×"):
        initial(critic, 23, 32, 3)
    assert output(critic.clone(layers=1), 6, 6, 3).shape == (5, 1)


@pytest.mark.full
def test_features_average_to_the_logits():
    """With one patch the last layer is a linear map of the features, because only one
    tap of its kernel meets the single pixel."""
    critic = patchgan.Discriminator(width=2, normalization="spectral")
    x = jax.random.normal(KEY, (3, 8, 8, 1))
    variables = initialised(critic, jax.random.key(1), x)
    judged = critic.apply(variables, x, train=False, method="full_output")
    plain = critic.clone(normalization="none")
    free = plain.apply(
        {"params": variables["params"]}, x, train=False, method="full_output"
    )
    kernel = np.asarray(variables["params"]["Conv_4"]["kernel"])
    expected = np.asarray(free.features) @ kernel[1, 1]
    np.testing.assert_allclose(free.logits, expected, rtol=1e-4, atol=1e-6)
    assert np.abs(judged.logits - free.logits).max() > 1e-3


def test_what_patchgan_refuses():
    critic = patchgan.Discriminator(width=2)
    for conditioning in ("projection", "auxiliary_classifier"):
        other = critic.clone(conditioning=conditioning, classes=3)
        with pytest.raises(BadInput, match=f"conditioning='{conditioning}': expected"):
            initial(other, 8, 8, 1)
    initial(critic.clone(conditioning="concatenation", classes=3), 8, 8, 1)
    with pytest.raises(BadInput, match="expected images .*, not 3"):
        initial(critic, 3)


@pytest.mark.parametrize(
    "normalization",
    [
        "instance",
        *(pytest.param(n, marks=pytest.mark.full) for n in ("none", "spectral")),
    ],
)
def test_patchgan_has_gradients_of_second_order(normalization):
    critic = patchgan.Discriminator(width=2, normalization=normalization)
    x = jax.random.normal(KEY, (2, 32, 32, 1))
    variables = initialised(critic, jax.random.key(1), x)

    @jax.jit
    @jax.grad
    def gradient(params):
        def logits(x):
            return critic.apply({**variables, "params": params}, x, train=False).sum()

        return jnp.sum(jax.grad(logits)(x) ** 2)

    leaves = jax.tree.leaves(gradient(variables["params"]))
    assert all(np.isfinite(leaf).all() for leaf in leaves)
    assert any(np.any(leaf) for leaf in leaves)
