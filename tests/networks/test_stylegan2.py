"""StyleGAN2: parameters, styles and their average, mixing, noise, the discriminator's
groups, second-order gradients."""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.networks import stylegan2
from ganjax.networks.latent_keys import keys_of
from ganjax.networks.minibatch_deviation import group_size, with_deviation
from tests.parameters import count, initial, initialised, output

KEY = jax.random.key(0)
TINY = {"mapping_layers": 2, "intermediate": 6, "channel_max": 4}
LAYERS = 4  # style layers of a generator for 8 pixels


def tiny(**options):
    return stylegan2.Generator((8, 8, 3), **(TINY | options))


def latents(n=6, d=5, seed=1):
    return jax.random.normal(jax.random.key(seed), (n, d))


def with_noise(variables, strength):
    """Return ``variables`` with the noise strength of every layer replaced."""

    def strong(path, leaf):
        is_strength = path[-1].key == "noise_strength"
        return jnp.full_like(leaf, strength) if is_strength else leaf

    return jax.tree_util.tree_map_with_path(strong, variables)


@pytest.fixture(scope="module")
def variables():
    """Variables of a tiny generator. Options without parameters do not change them."""
    return initialised(tiny(), KEY, latents())


def styles(module, variables, z, **options):
    """Return the styles ``[n, layers, d]`` that the layers get in a training call."""
    seen = []

    def spy(function, args, kwargs, context):
        synthesis = isinstance(context.module, stylegan2.Synthesis)
        if synthesis and context.method_name == "__call__":
            seen.append(args[0])
        return function(*args, **kwargs)

    with nn.intercept_methods(spy):
        module.apply(variables, z, train=True, **options)
    return np.asarray(seen[0])


def test_parameters_of_the_published_networks():
    # arXiv 1912.04958, configuration F, as counted by NVIDIA's code
    assert count(stylegan2.Generator((1024, 1024, 3)), 512) == 30_370_060
    assert count(stylegan2.Discriminator(), 1024, 1024, 3) == 29_012_513


def test_parameters_of_32_pixels():
    # 512 channels throughout; a layer has a style map, kernel, bias, noise strength
    linear = 512 * 512 + 512
    layer = linear + 9 * 512 * 512 + 512 + 1
    image = linear + 512 * 3 + 3
    expected = 8 * linear + 16 * 512 + 7 * layer + 4 * image
    generator = stylegan2.Generator((32, 32, 3))
    assert count(generator, 512) == expected == 21_523_475
    assert set(initial(generator, 512)) == {"params", "average"}
    # two mapping layers, as for CIFAR-10
    small = stylegan2.Generator((32, 32, 3), mapping_layers=2)
    assert count(small, 512) == expected - 6 * linear
    # three blocks; the last convolution has one more input channel
    conv = 9 * 512 * 512 + 512
    ends = 3 * 512 + 512 + conv + 9 * 512 + 16 * 512 * 512 + 512 + 513
    expected = ends + 3 * (2 * conv + 512 * 512)
    assert count(stylegan2.Discriminator(), 32, 32, 3) == expected == 21_507_073
    plain = stylegan2.Discriminator(residual=False, minibatch_std_group=1)
    assert count(plain, 32, 32, 3) == expected - 3 * 512 * 512 - 9 * 512


def test_parameters_of_the_labelled_networks():
    """As in ADA's code for CIFAR-10. The first mapping layer has 512 more inputs, and
    the discriminator maps a label with eight layers."""
    linear = 512 * 512 + 512
    generator = stylegan2.Generator(
        (32, 32, 3), mapping_layers=2, conditioning="embedding", classes=10
    )
    expected = 21_523_475 - 6 * linear + 11 * 512 + 512 * 512
    assert count(generator, 512, labels=True) == expected
    discriminator = stylegan2.Discriminator(conditioning="projection", classes=10)
    expected = 21_507_073 - 513 + linear + 11 * 512 + 8 * linear
    assert count(discriminator, 32, 32, 3, labels=True) == expected


def test_a_label_moves_a_style_as_much_as_a_latent_does():
    """Label embedding and latent have mean square 1 and equal length at the first
    layer."""
    module = tiny(intermediate=64, conditioning="embedding", classes=10)
    z, label = latents(200, 64), jnp.arange(200) % 10
    variables = initialised(module, KEY, z, label)

    def styles_of(z, label):
        return module.apply(variables, z, label, train=False, method="map")[:, 0]

    start = styles_of(z, label)
    by_label = jnp.linalg.norm(styles_of(z, (label + 1) % 10) - start, axis=1).mean()
    by_latent = jnp.linalg.norm(styles_of(z[::-1], label) - start, axis=1).mean()
    assert by_label / by_latent == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("mixing", [0.0, 1.0])
def test_images_as_of_another_latent_differ_by_their_own(variables, mixing):
    """Two close latents give close images if both use the noise and mixing of one of
    them. With separate noise and mixing the images are very different."""
    variables, z = with_noise(variables, 1.0), latents()
    near = z + 1e-4
    make = tiny(mixing=mixing)
    images = make.apply(variables, z, train=True)
    as_of = make.apply(variables, z, near, train=True, method="as_of")
    assert np.abs(images - as_of).max() < 0.01
    assert np.abs(images - make.apply(variables, near, train=True)).max() > 0.1


@pytest.mark.parametrize(
    "size", [32, *(pytest.param(n, marks=pytest.mark.full) for n in (64, 128, 256))]
)
def test_shapes(size):
    image = (size, size, 1)
    made = output(stylegan2.Generator(image, **TINY), 7)
    assert (made.shape, made.dtype) == ((5, *image), jnp.float32)
    logits = output(stylegan2.Discriminator(channel_max=4), *image)
    assert (logits.shape, logits.dtype) == ((5,), jnp.float32)


@pytest.mark.parametrize("shape", [(4, 4, 3), (50, 50, 3), (32, 60, 3), (2,)])
def test_other_sizes_are_refused(shape):
    given = "×".join(map(str, shape))
    message = f"expected images with .* from 8 to 1024.* not {given}"
    with pytest.raises(BadInput, match=message):
        initial(stylegan2.Generator(shape), 3)
    with pytest.raises(BadInput, match=message):
        initial(stylegan2.Discriminator(), *shape)


def test_the_average_follows_the_mean_of_all_devices(variables):
    z = latents(8)
    plain = tiny().apply(variables, z, train=False, method="map")
    mean = np.asarray(plain)[:, 0].mean(0)
    np.testing.assert_array_equal(variables["average"]["w"], np.zeros(6))

    def step(average, z):
        given = {"params": variables["params"], "average": average}
        return tiny().apply(given, z, train=True, mutable=["average"])[1]["average"]

    several = jax.jit(jax.vmap(step, (None, 0), None, axis_name="data"))
    average = variables["average"]
    for k in (1, 2, 3):
        average = several(average, z.reshape(2, 4, 5))
        expected = (1 - 0.995**k) * mean
        np.testing.assert_allclose(average["w"], expected, rtol=1e-4, atol=1e-7)


@pytest.mark.full
def test_the_average_rests_otherwise(variables):
    _, written = tiny().apply(variables, latents(), train=False, mutable=["average"])
    np.testing.assert_array_equal(written["average"]["w"], np.zeros(6))
    tiny().apply(variables, latents(), train=True)  # works without a mapped axis


@pytest.mark.full
def test_truncation(variables):
    z, average = latents(), jnp.arange(6.0)
    variables = {**variables, "average": {"w": average}}

    def mapped(truncation, train=False):
        module = tiny(truncation=truncation, mixing=0.0)
        return np.asarray(module.apply(variables, z, train=train, method="map"))

    w = mapped(1.0)
    np.testing.assert_allclose(mapped(0.5), (w + np.asarray(average)) / 2, rtol=1e-5)
    np.testing.assert_array_equal(mapped(0.5, train=True), w)
    images = np.asarray(tiny(truncation=0.0).apply(variables, z, train=False))
    np.testing.assert_array_equal(images, images[:1].repeat(6, 0))
    assert images.std() > 0.01
    assert np.abs(tiny().apply(variables, z, train=False)[0] - images[0]).max() > 0.01


def test_the_call_is_its_two_parts(variables):
    z = latents()
    variables = with_noise(variables, 0.3)
    w = tiny().apply(variables, z, train=False, method="map")
    assert w.shape == (6, LAYERS, 6)
    np.testing.assert_array_equal(w, np.asarray(w)[:, :1].repeat(LAYERS, 1))
    images = tiny().apply(variables, w, z, train=False, method="synthesise")
    whole = tiny().apply(variables, z, train=False)
    np.testing.assert_allclose(images, whole, rtol=1e-5, atol=1e-6)
    # without conditioning a label has no effect
    given_label = tiny().apply(variables, z, jnp.arange(6), train=False)
    np.testing.assert_array_equal(given_label, whole)


def test_a_latents_length_does_not_matter(variables):
    z = latents()
    once = tiny().apply(variables, z, train=False)
    np.testing.assert_allclose(
        tiny().apply(variables, 10 * z, train=False), once, rtol=1e-4, atol=1e-5
    )


def test_noise_starts_without_strength_and_is_a_function_of_the_latent(variables):
    z, other = latents(), latents(seed=2)
    w = tiny().apply(variables, z, train=False, method="map")

    def made(variables, z):
        return tiny().apply(variables, w, z, train=True, method="synthesise")

    start = made(variables, z)
    np.testing.assert_array_equal(start, made(variables, other))
    noisy = with_noise(variables, 1.0)
    np.testing.assert_array_equal(made(noisy, z), made(noisy, z))
    assert np.abs(made(noisy, z) - start).max() > 0.1
    assert np.abs(made(noisy, z) - made(noisy, other)).max() > 0.1


def test_noise_is_normal_and_of_each_sample_its_own():
    z = latents(64, 4)
    keys = keys_of(z)
    noise = np.asarray(jax.vmap(lambda k: jax.random.normal(k, (256,)))(keys))
    error = 1 / math.sqrt(noise.size)
    assert abs(noise.mean()) < 4 * error
    assert abs(noise.var() - 1) < 4 * error * math.sqrt(2)
    between = np.corrcoef(noise)[np.triu_indices(64, 1)]
    assert np.abs(between).max() < 5.5 / math.sqrt(256)
    assert between.std() == pytest.approx(1 / math.sqrt(256), rel=0.05)


def test_latents_that_hardly_differ_have_other_keys():
    def bits(z):
        return [tuple(row) for row in np.asarray(jax.random.key_data(keys_of(z)))]

    z = jnp.ones((1, 3))
    near = jnp.concatenate(
        [z.at[0, i].set(np.nextafter(np.float32(1), np.float32(2))) for i in range(3)]
        + [z, jnp.array([[1.0, 2, 3]]), jnp.array([[3.0, 2, 1]]), jnp.zeros((1, 3))]
    )
    assert len(set(bits(near))) == len(near)
    assert bits(near[3:4]) == bits(z)
    assert len(set(bits(latents(5000, 2)))) == 5000


@pytest.mark.full
def test_no_gradient_flows_into_the_noise(variables):
    noisy, z = with_noise(variables, 1.0), latents(2)
    w = tiny().apply(variables, z, train=False, method="map")

    def total(z):
        return tiny().apply(noisy, w, z, train=True, method="synthesise").sum()

    np.testing.assert_array_equal(jax.grad(total)(z), 0)


def test_a_sample_does_not_depend_on_the_others(variables):
    variables, z = with_noise(variables, 1.0), latents()
    make = jax.jit(lambda z: tiny().apply(variables, z, train=True))
    images, others = make(z), make(z.at[1:].set(latents(seed=3)[1:])[::-1])
    np.testing.assert_allclose(images[0], others[-1], rtol=1e-5, atol=1e-5)
    assert np.abs(images[1] - others[-2]).max() > 0.1


def test_mixing_is_for_training_alone(variables):
    z = latents()
    images = tiny(mixing=1.0).apply(variables, z, train=False)
    plain = tiny(mixing=0.0).apply(variables, z, train=False)
    np.testing.assert_array_equal(images, plain)
    trained = tiny(mixing=0.0).apply(variables, z, train=True)
    np.testing.assert_allclose(trained, plain, rtol=1e-5, atol=1e-6)


def test_the_layers_of_a_training_call_get_styles(variables):
    module, z = tiny(mixing=1.0), latents()
    mixed = module.apply(variables, z, train=True, method="styles")
    np.testing.assert_array_equal(mixed, styles(module, variables, z))
    own = module.apply(variables, z, train=True, method="map")
    assert (np.asarray(mixed) != own).any((1, 2)).all()
    plain = module.apply(variables, z, train=False, method="styles")
    np.testing.assert_allclose(plain, own, rtol=1e-6)


@pytest.mark.full
def test_mixing(variables):
    n = 2000
    z = latents(n)
    own = styles(tiny(mixing=0.0), variables, z)
    mixed = styles(tiny(mixing=0.75), variables, z)
    differs = np.abs(mixed - own).max(-1) > 1e-6  # [n, layers]
    assert not differs[:, 0].any()
    assert (np.diff(differs.astype(int), axis=1) >= 0).all()  # no way back
    crossover = LAYERS - differs.sum(1)
    found = np.bincount(crossover, minlength=LAYERS + 1)
    expected = np.array([0, 0.25, 0.25, 0.25, 0.25]) * n  # at 1, 2, 3, never
    deviation = math.sqrt(n * 0.25 * 0.75)
    assert np.abs(found - expected).max() < 4 * deviation
    # all layers after the crossover have the same other style
    last = mixed[crossover <= 2]
    np.testing.assert_array_equal(last[:, -1], last[:, -2])


@pytest.mark.full
def test_a_label_joined_to_the_latent_is_kept_by_mixing():
    """The input has only labels, so mixing changes nothing."""
    labels = jax.nn.one_hot(jnp.arange(5), 5)
    variables = initialised(tiny(), KEY, labels)
    own = styles(tiny(mixing=0.0), variables, labels)
    np.testing.assert_array_equal(styles(tiny(mixing=1.0), variables, labels), own)


def path_penalty(module, variables, z, y):
    """arXiv 1912.04958, eq. 4, with a = 0.1."""

    def penalty(params):
        given = {**variables, "params": params}
        w = module.apply(given, z, train=True, method="map")

        def product(w):
            return jnp.sum(
                module.apply(given, w, z, train=True, method="synthesise") * y
            )

        slope = jax.grad(product)(w)
        length = jnp.sqrt(jnp.sum(slope**2, 2).mean(1) + 1e-12)
        return jnp.mean((length - 0.1) ** 2)

    return penalty


def test_the_gradient_of_the_path_length(variables):
    module = tiny()
    variables = with_noise(variables, 0.1)
    z, y = latents(2), jax.random.normal(KEY, (2, 8, 8, 3)) / 8
    penalty = path_penalty(module, variables, z, y)
    gradients = jax.jit(jax.grad(penalty))(variables["params"])
    for path, leaf in jax.tree_util.tree_leaves_with_path(gradients):
        assert np.isfinite(leaf).all()
        if path[-1].key == "kernel":
            assert np.abs(leaf).max() > 0, path


@pytest.mark.parametrize(
    "n, size", [(1, 1), (2, 2), (3, 3), (4, 4), (5, 1), (6, 3), (8, 4), (12, 4)]
)
def test_groups_of_a_batch(n, size):
    assert group_size(n, 4) == size


@pytest.mark.parametrize("n, size", [(8, 4), (6, 3)])
def test_the_deviation_within_groups(n, size):
    x = np.random.default_rng(0).normal(size=(n, 2, 3, 5)).astype(np.float32)
    made = np.asarray(with_deviation(jnp.asarray(x), 4))
    np.testing.assert_array_equal(made[..., :5], x)
    for start in range(0, n, size):
        expected = x[start : start + size].std(0).mean()
        found = made[start : start + size, ..., 5]
        np.testing.assert_allclose(found, np.full_like(found, expected), rtol=1e-5)


def test_a_logit_sees_its_group_on_any_number_of_devices():
    x = jax.random.normal(KEY, (8, 8, 8, 3))
    critic = stylegan2.Discriminator(channel_max=4)
    variables = initialised(critic, KEY, x)
    judge = jax.jit(lambda x: critic.apply(variables, x, train=True))
    logits = judge(x)
    halves = np.concatenate([judge(x[:4]), judge(x[4:])])
    np.testing.assert_allclose(halves, logits, rtol=1e-5, atol=1e-6)
    moved = judge(x.at[3].multiply(3)) - logits
    assert critic.mixes_samples
    assert np.abs(moved[:4]).min() > 1e-5
    np.testing.assert_allclose(moved[4:], 0, atol=1e-6)


def test_without_groups_a_logit_is_its_own():
    x = jax.random.normal(KEY, (4, 8, 8, 3))
    critic = stylegan2.Discriminator(channel_max=4, minibatch_std_group=1)
    assert not critic.mixes_samples
    variables = initialised(critic, KEY, x)
    judge = jax.jit(lambda x: critic.apply(variables, x, train=True))
    moved = judge(x.at[3].multiply(3)) - judge(x)
    np.testing.assert_allclose(moved[:3], 0, atol=1e-6)
    assert np.abs(moved[3]) > 1e-5


def test_the_gradient_of_a_gradient_penalty():
    critic = stylegan2.Discriminator(channel_max=4)
    x = jax.random.normal(KEY, (4, 8, 8, 1))
    variables = initialised(critic, KEY, x)

    def penalty(params):
        def logits(x):
            return critic.apply({"params": params}, x, train=False).sum()

        return jnp.sum(jax.grad(logits)(x) ** 2)

    gradients = jax.jit(jax.grad(penalty))(variables["params"])
    for path, leaf in jax.tree_util.tree_leaves_with_path(gradients):
        assert np.isfinite(leaf).all()
        if path[-1].key == "kernel":
            assert np.abs(leaf).max() > 0, path


@pytest.mark.full
def test_parameters_start_with_deviation_one():
    """Weights of the mapping start with deviation 100 and are scaled down when used."""
    module = stylegan2.Generator((8, 8, 3), channel_max=64)
    params = initialised(module, KEY, jnp.zeros((1, 64)))["params"]
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        names = [key.key for key in path]
        if names[-1] in ("kernel", "constant"):
            expected = 100 if "mapping" in names else 1
            slack = 5 / math.sqrt(2 * leaf.size)
            assert leaf.std() == pytest.approx(expected, rel=slack), names
        elif names[0] == "synthesis" and "EqualisedLinear_0" in names:
            np.testing.assert_array_equal(leaf, 1)  # so styles start near 1
        else:
            np.testing.assert_array_equal(leaf, 0)
