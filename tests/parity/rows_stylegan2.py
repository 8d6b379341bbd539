"""StyleGAN2: networks, path length, and steps of the preset for CIFAR-10."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core.view import Network
from ganjax.networks import stylegan2
from ganjax.networks.latent_keys import child_keys, keys_of
from ganjax.objectives.terms import TERMS
from tests.parity import rule, stylegan2_names
from tests.parity.given import CLASSES, Given, as_steps
from tests.parity.networks import on_one_device, variables
from tests.parity.row import Row
from tests.parity.steps import Training, moved, resolved
from tests.parity.tensors import first, last, named
from tests.parity.views import context, view

SOURCE = "stylegan2-ada-pytorch"
# The images of the rows of discriminators are larger than the others.
N, SIZE, LARGER, LATENT, STYLE, CHANNELS, LAYERS, GROUP = 4, 8, 16, 6, 5, 4, 2, 4
DISCRIMINATOR_N = 8
PSI, DECAY, WEIGHT, SHRINK = 0.5, 0.01, 2.0, 2
PATH_MEAN = 0.3
# Of the steps of the preset: the third of them has the lazy penalty.
FIRST, STEPS = 13, 5
GIVEN = Given("stylegan2", SIZE, LATENT)

# Draws that are functions of the latents. The oracle gives them to the authors' code.


def noise(z: np.ndarray, layer: int, side: int) -> np.ndarray:
    """Return the noise ``[n, 1, side, side]`` of a layer for latents ``z [n, d]``."""
    return first(_noise(z, layer, side))


@functools.partial(jax.jit, static_argnums=(1, 2))
def _noise(z, layer, side):
    keys = child_keys(keys_of(z), layer)
    return jax.vmap(lambda key: jax.random.normal(key, (side, side, 1)))(keys)


def sides(size: int) -> list[int]:
    """Return the side of each noisy layer, in order."""
    found, side = [4], 8
    while side <= size:
        found += [side, side]
        side *= 2
    return found


def mixed(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the second latents ``[n, d]`` of style mixing, and the first layers that
    use them ``[n]``, for latents ``z`` and a mixing of 1."""
    module, _, held = _generator_of(z, mixing=1.0)

    def drawn(module, z):
        keys = child_keys(keys_of(z), stylegan2.MIXING)
        return jax.vmap(module.drawn)(keys, z)

    return on_one_device(lambda held, z: module.apply(held, z, method=drawn), held, z)


def path_latents() -> np.ndarray:
    """Return latents ``[N, LATENT]`` that draw the same layer for style mixing, because
    the authors draw one layer for a batch."""
    pool = GIVEN.latents("path", 8 * N)
    _, crossover = mixed(pool)
    found = pool[crossover == 2][:N]
    assert len(found) == N
    return found


def average_style() -> np.ndarray:
    """Return the running average of styles, ``[STYLE]``."""
    return rule.numbers("stylegan2/average", (STYLE,))


def path_probe() -> np.ndarray:
    """Return the normal numbers of the path length, one image for each sample."""
    return rule.numbers("stylegan2/path probe", (N // SHRINK, 3, SIZE, SIZE))


def _generator_of(*inputs, **options):
    """Return the module, the tensors and the variables of a generator, which has labels
    if there is a second input."""
    labelled = len(inputs) > 1
    module = stylegan2.Generator(
        (SIZE, SIZE, 3),
        mapping_layers=LAYERS,
        intermediate=STYLE,
        channel_base=1024,
        channel_max=CHANNELS,
        conditioning="embedding" if labelled else "none",
        classes=CLASSES if labelled else 0,
        **options,
    )
    names = stylegan2_names.generator(SIZE, LAYERS, labelled)
    prefix, values = "stylegan2/generator/", stylegan2_names.values
    return module, names, variables(module, names, prefix, *inputs, values=values)


def _generator(fixture):
    inputs = GIVEN.latents("z", N), GIVEN.labels("label", N)
    module, names, held = _generator_of(*inputs, mixing=0.0)
    probe = last(GIVEN.images("probe", N))

    def made(params):
        given = {**held, "params": params}
        image = module.apply(given, *inputs, train=True)
        w = module.apply(given, *inputs, train=True, method="map")
        return jnp.sum(image * probe), (image, w[:, 0])

    slopes, (image, w) = on_one_device(jax.grad(made, has_aux=True), held["params"])
    found = {"output/image": first(image), "output/style": w}
    return found | named(slopes, names, "gradient")


def _images(train, average, **options):
    z = GIVEN.latents("z", N)
    module, _, held = _generator_of(z, **options)
    held |= {"average": {"w": average}}
    image = on_one_device(lambda z: module.apply(held, z, train=train), z)
    return {"output/image": first(image)}


def _truncated(fixture):
    return _images(False, average_style(), truncation=PSI)


def _mixing(fixture):
    return _images(True, np.zeros(STYLE, np.float32), mixing=1.0)


def discriminator_order(n: int, group: int) -> np.ndarray:
    """Return the order of samples in which the authors' groups are ours: ours are
    neighbours, and theirs have the samples i, i + n/group, i + 2n/group, …"""
    return np.arange(n).reshape(-1, group).T.ravel()


def _discriminator(residual, fixture):
    labelled, n = not residual, DISCRIMINATOR_N
    module = stylegan2.Discriminator(
        channel_base=1024,
        channel_max=CHANNELS,
        residual=residual,
        minibatch_std_group=GROUP,
        conditioning="projection" if labelled else "none",
        classes=CLASSES if labelled else 0,
    )
    x = last(GIVEN.images("x", n, size=LARGER))
    label = (GIVEN.labels("label", n),) if labelled else ()
    names = stylegan2_names.discriminator(LARGER, residual, labelled)
    prefix, values = "stylegan2/discriminator/", stylegan2_names.values
    held = variables(module, names, prefix, x, *label, values=values)
    probe = rule.numbers("stylegan2/logits", (n,))

    def judged(params, x):
        logits = module.apply({"params": params}, x, *label, train=True)
        return jnp.sum(logits * probe), logits

    (slopes, of_x), logits = on_one_device(
        jax.grad(judged, (0, 1), has_aux=True), held["params"], x
    )
    found = {"output/logits": logits, "gradient/input": first(of_x)}
    return found | named(slopes, names, "gradient")


def _path_length(fixture):
    z = fixture.inputs["z"]
    module, names, held = _generator_of(z, mixing=1.0)

    def term(params):
        seen = view(
            {"generator": params}, networks={"generator": Network(module, ())},
            variables={"generator": {"average": held["average"]}},
            drawn={"path": last(path_probe())},
        )  # fmt: skip
        given = context(
            fake=jnp.zeros((N, SIZE, SIZE, 3)), latents=z,
            generator_inputs=lambda z, label: (z,), memory=jnp.float32(PATH_MEAN),
        )  # fmt: skip
        numbers = {"decay": jnp.float32(DECAY), "shrink": SHRINK}
        value, average = TERMS["path_length"].function(given, seen, numbers)
        return WEIGHT * value, average

    differentiated = jax.value_and_grad(term, has_aux=True)
    (value, average), slopes = on_one_device(differentiated, held["params"])
    found = {"loss/path_length": value, "output/average": average}
    return found | named(slopes, names, "gradient")


def _steps(fixture):
    changes = {
        "data.name": f"gratings{SIZE}",
        "batch_size": N,
        "latents.size": LATENT,
        "networks.generator.intermediate": STYLE,
        "networks.generator.channel_max": CHANNELS,
        "networks.discriminator.channel_max": CHANNELS,
    }
    training = Training(resolved("stylegan2_cifar10:tiny", changes))
    names = {
        "generator": (
            stylegan2_names.generator(SIZE, LAYERS, True),
            "stylegan2/generator/",
        ),
        "discriminator": (
            stylegan2_names.discriminator(SIZE, False, True),
            "stylegan2/discriminator/",
        ),
    }
    players = [player.name for player in training.game.players]
    given = as_steps(GIVEN.turns(STEPS, N), players)
    begin = {"step": FIRST, "values": stylegan2_names.values}
    before, after, _ = training.run(names, *given, **begin)
    return moved(before, after, names, {x: f"{x}/" for x in before})


_NETWORK = (("architectures", "stylegan2"),)
_PRESETS = (("configs", "stylegan2_cifar10"), ("configs", "stylegan2_ada_cifar10"))
_NOISE = "both sides get the noise that ganjax computes from the latents"

ROWS = [
    Row("stylegan2_generator", (*_NETWORK, *_PRESETS), SOURCE,
        f"conditional mapping and synthesis: styles, images, gradients; {_NOISE}",
        _generator),
    Row("stylegan2_truncation", _NETWORK, SOURCE,
        "images truncated towards a given average of styles", _truncated),
    Row("stylegan2_mixing", _NETWORK, SOURCE,
        "images with mixed styles, with second latents and layers given", _mixing,
        differs="each sample draws its own layer; the authors draw one for a batch"),
    Row("stylegan2_discriminator", _NETWORK, SOURCE,
        "residual discriminator without labels: logits, gradients of input and "
        "parameters", functools.partial(_discriminator, True),
        differs="a group of the minibatch deviation has neighbours, the authors' has "
        "samples with equal distances; the oracle gets the samples in that order"),
    Row("stylegan2_discriminator_labels", (*_NETWORK, *_PRESETS), SOURCE,
        "discriminator without shortcuts, with labels: logits, gradients of input and "
        "parameters", functools.partial(_discriminator, False)),
    Row("stylegan2_path_length", (("terms", "path_length"), *_NETWORK), SOURCE,
        "path length with mixed styles on half of the batch: loss, gradients, average",
        _path_length,
        differs="the authors draw other latents for it, in a separate update"),
    Row("stylegan2_cifar10", _PRESETS, SOURCE,
        "5 steps of the preset, the third with R1 in a separate update: networks and "
        "average", _steps,
        differs="the authors' step begins with the generator's update, ours with the "
        "discriminator's; they compute in float16 with clamped activations; each of "
        "their phases moves the average of styles, here the generator's update alone"),
]  # fmt: skip
