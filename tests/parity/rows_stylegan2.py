"""StyleGAN2: networks, path length, and steps of the preset for CIFAR-10."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.networks import stylegan2
from ganjax.networks.latent_keys import child_keys, keys_of
from ganjax.objectives.terms import TERMS, TermContext
from tests.parity import nvidia, rule
from tests.parity.layouts import filled, named
from tests.parity.nvidia import CLASSES
from tests.parity.row import Row

SOURCE = "stylegan2-ada-pytorch"
# SIZE is the side of the discriminators' images; SMALL is the side of all others.
N, SIZE, LATENT, STYLE, CHANNELS, LAYERS, GROUP = 4, 16, 6, 5, 4, 2, 4
DISCRIMINATOR_N = 8
PSI, DECAY, WEIGHT, SHRINK = 0.5, 0.01, 2.0, 2
PATH_MEAN = 0.3
SMALL = 8
# Of the steps of the preset: the third of them has the lazy penalty.
STEPS_N, FIRST, STEPS = 4, 13, 5
PLAYERS = ("discriminator", "generator")


def latents(name: str, *sizes: int) -> np.ndarray:
    """Return latents ``[*sizes, LATENT]`` for a name."""
    return rule.numbers(f"stylegan2/{name}", (*sizes, LATENT))


def images(name: str, *sizes: int, size: int = SIZE) -> np.ndarray:
    """Return images ``[*sizes, 3, size, size]`` for a name."""
    return rule.images(f"stylegan2/{name}", (*sizes, 3, size, size))


def labels(name: str, *sizes: int) -> np.ndarray:
    """Return labels ``[*sizes]`` for a name."""
    n = int(np.prod(sizes))
    return rule.labels(f"stylegan2/{name}", n, CLASSES).reshape(sizes)


def last(x: np.ndarray) -> jax.Array:
    """Return images of torch with the channels last."""
    return jnp.asarray(np.moveaxis(x, -3, -1))


def first(x: jax.Array) -> np.ndarray:
    """Return images with the channels in the place that torch expects."""
    return np.moveaxis(np.asarray(x), -1, 1)


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


def mixed(z: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the second latents ``[n, d]`` of style mixing, and the first layers that
    use them ``[n]``, for latents ``z`` and a mixing of 1."""
    module = _generator_module(size=size, mixing=1.0)
    params = jax.eval_shape(_initial(module, False), jax.random.key(0))
    variables = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), params)

    def drawn(module, z):
        keys = child_keys(keys_of(z), stylegan2.MIXING)
        return jax.vmap(module.drawn)(keys, z)

    apply = nvidia.compiled(functools.partial(module.apply, method=drawn))
    other, crossover = apply(variables, z)
    return np.asarray(other), np.asarray(crossover)


def path_latents() -> np.ndarray:
    """Return latents ``[N, LATENT]`` that draw the same layer for style mixing, because
    the authors draw one layer for a batch."""
    pool = latents("path", 8 * N)
    _, crossover = mixed(pool, SMALL)
    found = pool[crossover == 2][:N]
    assert len(found) == N
    return found


def _generator_module(size=SMALL, labelled=False, **options):
    return stylegan2.Generator(
        (size, size, 3),
        mapping_layers=LAYERS,
        intermediate=STYLE,
        channel_base=1024,
        channel_max=CHANNELS,
        conditioning="embedding" if labelled else "none",
        classes=CLASSES if labelled else 0,
        **options,
    )


def _initial(module, labelled):
    def initial(key):
        z, label = jnp.zeros((2, LATENT)), jnp.zeros(2, jnp.int32)
        inputs = (z, label) if labelled else (z,)
        return module.init(key, *inputs, train=True)

    return initial


def _generator_params(size, labelled, layers=LAYERS):
    module = _generator_module(size, labelled)
    shapes = jax.eval_shape(_initial(module, labelled), jax.random.key(0))["params"]
    names = nvidia.stylegan2_generator_names(size, layers, labelled)
    prefix, values = "stylegan2/generator/", nvidia.stylegan2_values
    return names, filled(shapes, names, prefix, values=values)


def average_style() -> np.ndarray:
    """Return the running average of styles, ``[STYLE]``."""
    return rule.numbers("stylegan2/average", (STYLE,))


def _average(w):
    return {"average": {"w": jnp.asarray(w, jnp.float32)}}


def _generator(fixture):
    module = _generator_module(labelled=True, mixing=0.0)
    names, params = _generator_params(SMALL, True)
    z, label, probe = (
        latents("z", N),
        labels("label", N),
        last(images("probe", N, size=SMALL)),
    )

    def made(params):
        given = {"params": params, **_average(np.zeros(STYLE))}
        image = module.apply(given, z, label, train=True)
        w = module.apply(given, z, label, train=True, method="map")
        return jnp.sum(image * probe), (image, w[:, 0])

    slopes, (image, w) = nvidia.on_one_device(
        jax.grad(lambda p: made(p), has_aux=True), params
    )
    found = {"output/image": first(image), "output/style": w}
    return found | named(slopes, names, "gradient")


def _truncated(fixture):
    module = _generator_module(truncation=PSI)
    _, params = _generator_params(SMALL, False)
    variables = {"params": params, **_average(average_style())}
    z = jnp.asarray(latents("z", N))
    image = nvidia.compiled(functools.partial(module.apply, train=False))(variables, z)
    return {"output/image": first(image)}


def _mixing(fixture):
    module = _generator_module(mixing=1.0)
    _, params = _generator_params(SMALL, False)
    z = latents("z", N)
    variables = {"params": params, **_average(np.zeros(STYLE))}
    image = nvidia.on_one_device(lambda z: module.apply(variables, z, train=True), z)
    return {"output/image": first(image)}


def discriminator_order(n: int, group: int) -> np.ndarray:
    """Return the order of samples in which the authors' groups are ours: ours are
    neighbours, and theirs have the samples i, i + n/group, i + 2n/group, …"""
    return np.arange(n).reshape(-1, group).T.ravel()


def _discriminator(residual, fixture):
    labelled = not residual
    module = stylegan2.Discriminator(
        channel_base=1024,
        channel_max=CHANNELS,
        residual=residual,
        minibatch_std_group=GROUP,
        conditioning="projection" if labelled else "none",
        classes=CLASSES if labelled else 0,
    )
    n = DISCRIMINATOR_N
    x, label = last(images("x", n)), labels("label", n)
    given = (label,) if labelled else ()
    shapes = jax.eval_shape(
        lambda key: module.init(key, x, *given, train=True), jax.random.key(0)
    )["params"]
    names = nvidia.stylegan2_discriminator_names(SIZE, residual, labelled)
    prefix, values = "stylegan2/discriminator/", nvidia.stylegan2_values
    params = filled(shapes, names, prefix, values=values)
    probe = jnp.asarray(rule.numbers("stylegan2/logits", (n,)))

    def judged(params, x):
        logits = module.apply({"params": params}, x, *given, train=True)
        return jnp.sum(logits * probe), logits

    (slopes, of_x), logits = nvidia.compiled(jax.grad(judged, (0, 1), has_aux=True))(
        params, x
    )
    found = {"output/logits": logits, "gradient/input": first(of_x)}
    return found | named(slopes, names, "gradient")


def path_probe() -> np.ndarray:
    """Return the normal numbers of the path length, one image for each sample."""
    return rule.numbers("stylegan2/path probe", (N // SHRINK, 3, SMALL, SMALL))


def _path_length(fixture):
    module = _generator_module(mixing=1.0)
    names, params = _generator_params(SMALL, False)
    z = jnp.asarray(fixture.inputs["z"])
    network = nvidia.network_of(module)

    def term(params):
        view = nvidia.view_of_parts(
            {"generator": network}, {"generator": params},
            {"generator": _average(np.zeros(STYLE))}, {"path": last(path_probe())},
        )  # fmt: skip
        context = TermContext(
            critic="discriminator", real=None,
            fake=jnp.zeros((N, SMALL, SMALL, 3)),
            real_output=None, fake_output=None, critic_output=None, vary=None,
            generator="generator", latents=z, generator_inputs=lambda z, label: (z,),
            memory=jnp.float32(PATH_MEAN),
        )  # fmt: skip
        numbers = {"decay": jnp.float32(DECAY), "shrink": SHRINK}
        value, average = TERMS["path_length"].function(context, view, numbers)
        return WEIGHT * value, average

    differentiated = jax.value_and_grad(term, has_aux=True)
    (value, average), slopes = nvidia.on_one_device(differentiated, params)
    found = {"loss/path_length": value, "output/average": average}
    return found | named(slopes, names, "gradient")


# Steps


OVERRIDES = {
    "data.name": f"gratings{SMALL}",
    "batch_size": str(STEPS_N),
    "latents.size": str(LATENT),
    "networks.generator.intermediate": str(STYLE),
    "networks.generator.channel_max": str(CHANNELS),
    "networks.discriminator.channel_max": str(CHANNELS),
}


def recorded() -> dict:
    """Return the examples and latents of the steps, in the layout of torch: player ->
    name -> ``[STEPS, STEPS_N, …]``."""
    sizes = STEPS, STEPS_N
    return {
        player: {
            "real": images(f"steps/{player}/real", *sizes, size=SMALL),
            "label": labels(f"steps/{player}/label", *sizes),
            "z": latents(f"steps/{player}/z", *sizes),
        }
        for player in PLAYERS
    }


def _steps(fixture):
    config = nvidia.resolved("stylegan2_cifar10", OVERRIDES)
    game = nvidia.built(config)
    names = {
        "generator": nvidia.stylegan2_generator_names(SMALL, LAYERS, True),
        "discriminator": nvidia.stylegan2_discriminator_names(SMALL, False, True),
    }
    params = {
        player: filled(
            jax.eval_shape(game.networks[player].initial, jax.random.key(0))["params"],
            names[player],
            f"stylegan2/{player}/",
            values=nvidia.stylegan2_values,
        )
        for player in PLAYERS
    }
    given = recorded()
    rounds = [given[player.name] for player in game.players]
    examples = {
        "data": last(np.stack([x["real"] for x in rounds], 1)),
        "label": np.stack([x["label"] for x in rounds], 1),
    }
    draws = {player: {"latents": x["z"][:, None]} for player, x in given.items()}
    state = nvidia.begun(game, config, params, FIRST)
    state = nvidia.taken(game, state, STEPS, examples, draws)
    found = {}
    trees = {player: state.params[player] for player in PLAYERS}
    trees["average"] = state.ema["generator"]["params"]
    for name, tree in trees.items():
        player = "generator" if name == "average" else name
        moved = jax.tree.map(
            lambda a, b: np.float64(a) - np.float64(b), tree, params[player]
        )
        found |= named(moved, names[player], "moved", f"{name}/")
    return found


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
