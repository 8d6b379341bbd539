"""BigGAN: parameters of the published networks, chunks of the latent, embeddings."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.networks import biggan
from tests.parameters import count, initial, initialised, output

KEY = jax.random.key(0)


def conv(inputs, outputs, k=3):
    return k * k * inputs * outputs + outputs


def up(inputs, outputs, condition):
    """Count parameters: two 3×3, the shortcut, condition maps to scales and shifts."""
    two = conv(inputs, outputs) + conv(outputs, outputs)
    return two + conv(inputs, outputs, 1) + 2 * condition * (inputs + outputs)


def down(inputs, outputs, shortcut=True):
    two = conv(inputs, outputs) + conv(outputs, outputs)
    return two + (conv(inputs, outputs, 1) if shortcut else 0)


def attends(channels):
    return 2 * channels * channels // 8 + 2 * channels * channels // 2 + 1


def generator(size, classes=0, **options):
    if classes:
        options |= {"conditioning": "conditional_batch_norm", "classes": classes}
    return biggan.Generator((size, size, 3), **options)


def discriminator(classes=0, **options):
    if classes:
        options |= {"conditioning": "projection", "classes": classes}
    return biggan.Discriminator(**options)


def test_parameters_of_the_published_networks():
    # six chunks of 20; with an embedding of 128, each normalisation gets 148 numbers
    expected = (
        1000 * 128
        + 20 * 16 * 1536 + 16 * 1536
        + up(1536, 1536, 148) + up(1536, 768, 148) + up(768, 384, 148)
        + up(384, 192, 148) + attends(192) + up(192, 96, 148)
        + 2 * 96 + conv(96, 3)
    )  # fmt: skip
    assert count(generator(128, 1000), 120, labels=True) == expected == 70_433_988
    expected = (
        down(3, 96) + attends(96) + down(96, 192) + down(192, 384) + down(384, 768)
        + down(768, 1536) + down(1536, 1536, shortcut=False)
        + 1537 + 1000 * 1536
    )  # fmt: skip
    found = count(discriminator(1000), 128, 128, 3, labels=True)
    assert found == expected == 87_982_370


def test_parameters_for_64_pixels():
    # five chunks of 24
    expected = (
        1000 * 128
        + 24 * 16 * 1536 + 16 * 1536
        + up(1536, 1536, 152) + up(1536, 768, 152) + up(768, 384, 152) + attends(384)
        + up(384, 192, 152)
        + 2 * 192 + conv(192, 3)
    )  # fmt: skip
    assert count(generator(64, 1000), 120, labels=True) == expected == 70_377_348
    expected = (
        down(3, 96) + attends(96) + down(96, 192) + down(192, 384) + down(384, 768)
        + down(768, 1536, shortcut=True)
        + 1537 + 1000 * 1536
    )  # fmt: skip
    found = count(discriminator(1000), 64, 64, 3, labels=True)
    assert found == expected == 45_511_970


def test_parameters_for_cifar_10():
    # four chunks of 32
    expected = (
        10 * 128
        + 32 * 16 * 256 + 16 * 256
        + 3 * up(256, 256, 160)
        + 2 * 256 + conv(256, 3)
    )  # fmt: skip
    made = generator(32, 10, width=64)
    assert count(made, 128, labels=True) == expected == 4_373_251
    expected = (
        down(3, 256) + down(256, 256) + 2 * down(256, 256, shortcut=False)
        + 257 + 10 * 256
    )  # fmt: skip
    critic = discriminator(10, width=64)
    assert count(critic, 32, 32, 3, labels=True) == expected == 4_207_361
    # without shared embedding and chunks: a scale and a shift per class and channel
    expected = 129 * 16 * 256 + 3 * up(256, 256, 10) + 2 * 256 + conv(256, 3)
    plain = generator(32, 10, width=64, embedding=0, hierarchical=False)
    assert count(plain, 128, labels=True) == expected == 4_304_387


def test_parameters_for_256_pixels():
    """The generator and, without the projection, the discriminator have as many as a
    PyTorch implementation counts for ``ch=96``: 82,108,548 and 99,226,890, of which
    1,537,000 belong to its auxiliary classifier. Its seven chunks have 17 numbers."""
    expected = (
        1000 * 128
        + 17 * 16 * 1536 + 16 * 1536
        + up(1536, 1536, 145) + up(1536, 768, 145) + up(768, 768, 145)
        + up(768, 384, 145) + attends(384) + up(384, 192, 145) + up(192, 96, 145)
        + 2 * 96 + conv(96, 3)
    )  # fmt: skip
    assert count(generator(256, 1000), 119, labels=True) == expected == 82_108_548
    expected = (
        down(3, 96) + down(96, 192) + attends(192) + down(192, 384) + down(384, 768)
        + down(768, 768) + down(768, 1536) + down(1536, 1536, shortcut=False) + 1537
    )  # fmt: skip
    found = count(discriminator(), 256, 256, 3)
    assert found == expected == 99_226_890 - 1_537_000


def test_parameters_for_512_pixels():
    # eight chunks of 16
    expected = (
        1000 * 128
        + 16 * 16 * 1536 + 16 * 1536
        + up(1536, 1536, 144) + up(1536, 768, 144) + up(768, 768, 144)
        + up(768, 384, 144) + attends(384) + up(384, 192, 144) + up(192, 96, 144)
        + up(96, 96, 144)
        + 2 * 96 + conv(96, 3)
    )  # fmt: skip
    assert count(generator(512, 1000), 128, labels=True) == expected == 82_296_804
    expected = (
        down(3, 96) + down(96, 96) + down(96, 192) + attends(192) + down(192, 384)
        + down(384, 768) + down(768, 768) + down(768, 1536)
        + down(1536, 1536, shortcut=False) + 1537 + 1000 * 1536
    )  # fmt: skip
    found = count(discriminator(1000), 512, 512, 3, labels=True)
    assert found == expected == 99_401_282


@pytest.mark.parametrize("size", [32, 64, 128])
@pytest.mark.parametrize("classes", [0, 10])
def test_shapes_at_full_width(size, classes):
    labels = classes > 0
    made = output(generator(size, classes), 120, labels=labels)
    assert (made.shape, made.dtype) == ((5, size, size, 3), jnp.float32)
    logits = output(discriminator(classes), size, size, 3, labels=labels)
    assert (logits.shape, logits.dtype) == ((5,), jnp.float32)


@pytest.mark.parametrize("conditioning", ["none", "self_modulation"])
@pytest.mark.parametrize("hierarchical", [True, False])
def test_shapes_of_other_generators(conditioning, hierarchical):
    made = generator(32, width=2, conditioning=conditioning, hierarchical=hierarchical)
    assert output(made, 7).shape == (5, 32, 32, 3)
    given_label = made.clone(classes=3)
    assert output(given_label, 7, labels=True).shape == (5, 32, 32, 3)


def test_other_sizes_are_refused():
    message = "expected images with sides of .* from 8 to 896, not 1024×1024×3"
    with pytest.raises(BadInput, match=message):
        initial(generator(1024), 120)
    with pytest.raises(BadInput, match=message):
        initial(discriminator(), 1024, 1024, 3)


def test_a_latent_is_cut_evenly_but_for_its_first_chunk():
    z = jnp.arange(30.0).reshape(2, 15)
    cut = biggan.chunks(z, 3)
    assert [c.shape for c in cut] == [(2, 6), (2, 3), (2, 3), (2, 3)]
    np.testing.assert_array_equal(jnp.concatenate(cut, -1), z)
    published = biggan.chunks(jnp.zeros((2, 120)), 5)
    assert [c.shape for c in published] == [(2, 20)] * 6
    with pytest.raises(BadInput, match="at least 4 numbers.*, not 3"):
        biggan.chunks(z[:, :3], 3)


@functools.lru_cache(maxsize=1)
def _watching(module):
    return jax.jit(
        functools.partial(
            module.apply,
            train=False,
            mutable=["intermediates"],
            capture_intermediates=lambda module, _: (
                module.name in ("Linear_0", "scale", "shift")
            ),
        )
    )


def watched(module, variables, *inputs):
    """Return ``{path: output}`` of the first linear map and of each condition map."""
    _, kept = _watching(module)(variables, *inputs)
    return {
        "/".join(key.key for key in path[:-2]): np.asarray(leaf)
        for path, leaf in jax.tree_util.tree_leaves_with_path(kept["intermediates"])
    }


@pytest.mark.full
@pytest.mark.parametrize("classes", [0, 3])
def test_a_chunk_reaches_its_own_block_alone_and_the_label_every_block(classes):
    module = generator(32, classes, width=2, embedding=4)
    z = jax.random.normal(KEY, (2, 8))
    label = (jnp.array([0, 1]),) if classes else ()
    variables = initialised(module, KEY, z, *label)
    before = watched(module, variables, z, *label)
    maps = {
        f"Residual_{block}/ConditionalBatchNorm_{i}/{name}"
        for block in range(3)
        for i in range(2)
        for name in ("scale", "shift")
    }
    assert set(before) == {"Linear_0", *maps}

    def moved(*inputs):
        after = watched(module, variables, *inputs)
        return {
            path for path in before if np.abs(before[path] - after[path]).max() > 1e-6
        }

    for chunk in range(4):
        z_moved = z.at[:, 2 * chunk : 2 * chunk + 2].add(1.0)
        block = f"Residual_{chunk - 1}/"
        own = {path for path in maps if path.startswith(block)} or {"Linear_0"}
        assert moved(z_moved, *label) == own
    if classes:
        assert moved(z, label[0][::-1]) == maps


@pytest.mark.full
def test_the_label_changes_the_output():
    made, critic = generator(32, 3, width=2), discriminator(3, width=2)
    z, label = jax.random.normal(KEY, (2, 8)), jnp.array([0, 1])
    variables = initialised(made, KEY, z, label)
    images = np.asarray(made.apply(variables, z, label, train=False))
    swapped = np.asarray(made.apply(variables, z, label[::-1], train=False))
    assert np.abs(images - swapped).max() > 1e-4
    large = np.asarray(made.apply(variables, 1e3 * z, label, train=False))
    assert np.abs(images).max() <= 1 and np.abs(large).max() <= 1
    variables = initialised(critic, KEY, images, label)
    logits = critic.apply(variables, images, label, train=False)
    swapped = critic.apply(variables, images, label[::-1], train=False)
    assert np.abs(logits - swapped).min() > 1e-6


def test_kernels_start_orthogonal_and_of_norm_one():
    made = generator(32, 3, width=2, embedding=4)
    z, label = jnp.zeros((1, 8)), jnp.zeros((1,), jnp.int32)
    variables = initialised(made, KEY, z, label)
    spectral, plain = set(), set()
    for path, leaf in jax.tree_util.tree_leaves_with_path(variables["params"]):
        if path[-1].key != "kernel":
            continue
        matrix = np.asarray(leaf).reshape(-1, leaf.shape[-1])
        values = np.linalg.svd(matrix, compute_uv=False)
        np.testing.assert_allclose(values, 1, atol=1e-5)
        name = "/".join(key.key for key in path[:-1])
        stored = variables["spectral"]
        for key in path[:-1]:
            stored = stored.get(key.key, {})
        (spectral if "u" in stored else plain).add(name)
    assert plain == {"embedding"}
    # linear map, 3 blocks of 2·2 maps and 3 convolutions, the last convolution
    assert len(spectral) == 1 + 3 * 7 + 1


@pytest.mark.full
def test_the_gradient_of_a_gradient_penalty():
    critic = discriminator(3, width=2)
    x, label = jax.random.normal(KEY, (2, 32, 32, 1)), jnp.array([0, 2])
    variables = initialised(critic, KEY, x, label)

    def penalty(params):
        def logits(x):
            return critic.apply(
                {**variables, "params": params}, x, label, train=False
            ).sum()

        return jnp.sum(jax.grad(logits)(x) ** 2)

    gradients = jax.jit(jax.grad(penalty))(variables["params"])
    for path, leaf in jax.tree_util.tree_leaves_with_path(gradients):
        assert np.isfinite(leaf).all()
        if path[-1].key == "kernel":
            assert np.abs(leaf).max() > 0, path


def test_normal_kernels_have_the_deviation_of_the_cifar_10_code():
    """All kernels start at N(0, 0.02²), also the maps to gains and shifts."""
    options = {"width": 4, "embedding": 0, "hierarchical": False}
    made = generator(32, 10, initialiser="normal", **options)
    z, label = jnp.zeros((1, 8)), jnp.zeros((1,), jnp.int32)
    params = initialised(made, KEY, z, label)["params"]
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        if path[-1].key == "kernel":
            deviation = float(jnp.sqrt(jnp.mean(leaf**2)))
            assert deviation == pytest.approx(0.02, rel=4 / np.sqrt(2 * leaf.size))
