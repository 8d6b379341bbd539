"""BigGAN-PyTorch: networks for 32, 64 and 128 pixels, and five steps of its CIFAR-10
config."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.networks import biggan
from ganjax.objectives import LOSSES, TERMS
from tests.parity import biggan_names, rule, steps, tensors
from tests.parity.row import Row

CLASSES, N = 10, 3
# size -> (options of the generator, of the discriminator, latents, its blocks).
SIZES = {
    32: ({"width": 4, "embedding": 0, "hierarchical": False}, {"width": 4}, 8, 3),
    64: ({"width": 4, "embedding": 6}, {"width": 8}, 20, 4),
    128: ({"width": 4, "embedding": 6}, {"width": 8}, 18, 5),
}
ATTENTION = {32: (None, None), 64: (2, 0), 128: (3, 0)}
SHORTCUTS = {
    32: (True, True, False, False),
    64: (True, True, True, True, True),
    128: (True, True, True, True, True, False),
}
STEPS, TURNS, BEGIN = 5, 4, 3


def named(size):
    """Return the tensors of the generator and of the discriminator."""
    blocks, (first, second) = SIZES[size][3], ATTENTION[size]
    generator = biggan_names.generator(blocks, shared=size != 32, attention=first)
    return generator, biggan_names.discriminator(SHORTCUTS[size], attention=second)


def modules(size):
    made, judge, _, _ = SIZES[size]
    generator = biggan.Generator(
        (size, size, 3), conditioning="conditional_batch_norm", classes=CLASSES, **made
    )
    critic = biggan.Discriminator(conditioning="projection", classes=CLASSES, **judge)
    return generator, critic


def images(name, size):
    return np.moveaxis(rule.images(name, (N, 3, size, size)), 1, -1)


def networks(size, fixture):
    (generator, critic), (g_names, d_names) = modules(size), named(size)
    start = f"biggan_{size}"
    z = rule.numbers(f"{start}.latents", (N, SIZES[size][2]))
    y = rule.labels(f"{start}.y", N, CLASSES)
    along, real, fake = (
        images(f"{start}.{x}", size) for x in ("along", "real", "fake")
    )
    g = steps.variables(generator, g_names, f"{start}.G.", z, y)
    d = steps.variables(critic, d_names, f"{start}.D.", real, y)
    hinge = LOSSES["hinge"]

    def generated(params, g):
        made = steps.applied(generator, g, params, z, y)
        return jnp.mean(made * along), made

    def judged(params, d):
        both = np.concatenate([fake, real])
        logits = steps.applied(critic, d, params, both, np.concatenate([y, y]))
        on_fake, on_real = jnp.split(logits, 2)
        return hinge.discriminator(on_real, on_fake), (on_fake, on_real)

    made, seen = steps.on_one_device(
        lambda g, d: (
            jax.value_and_grad(generated, has_aux=True)(g["params"], g),
            jax.value_and_grad(judged, has_aux=True)(d["params"], d),
        ),
        g,
        d,
    )
    ((_, made_images), g_slopes), ((loss, logits), d_slopes) = made, seen
    return tensors.small({
        "output/images": np.moveaxis(made_images, -1, 1),
        "output/fake_logits": logits[0],
        "output/real_logits": logits[1],
        "loss/discriminator": loss,
        "loss/generator": hinge.generator(None, logits[0]),
        **tensors.named(g_slopes, g_names, "gradient", "G."),
        **tensors.named(d_slopes, d_names, "gradient", "D."),
    })  # fmt: skip


def orthogonal(fixture):
    """Their strength 1e-4 is the weight 5e-5: they add half of the gradient."""
    (generator, _), (names, _) = modules(64), named(64)
    z, y = np.zeros((N, SIZES[64][2]), np.float32), np.zeros(N, np.int32)
    held = steps.variables(generator, names, "biggan_64.G.", z, y)["params"]

    def term(params):
        view, context = steps.view({"generator": params}), steps.context()
        return 5e-5 * TERMS["orthogonal_generator"].function(context, view, {})[0]

    slopes = steps.on_one_device(jax.grad(term), held)
    return tensors.small(tensors.named(slopes, names, "gradient"))


def training(fixture):
    g_names, d_names = named(32)
    config = steps.resolved(
        "biggan_cifar10:tiny",
        {"batch_size": N, "steps": STEPS, "latents.size": 8, "ema.begin": BEGIN},
    )
    shape = (STEPS, TURNS + 1, N)
    z = rule.numbers("biggan_steps.z", (*shape, SIZES[32][2]))
    y = rule.labels("biggan_steps.y", int(np.prod(shape)), CLASSES).reshape(shape)
    x = np.moveaxis(rule.images("biggan_steps.x", (*shape, 3, 32, 32)), 3, -1)
    names = {
        "generator": (g_names, "biggan_32.G."),
        "discriminator": (d_names, "biggan_32.D."),
    }
    draws = {
        "discriminator": {"latents": z[:, :TURNS]},
        "generator": {"latents": z[:, TURNS:]},
    }
    batches = {"data": x, "label": y}
    before, after, metrics = steps.run(config, names, batches, draws)
    found = {
        **_moved(before, after, "generator", g_names, "G."),
        **_moved(before, after, "discriminator", d_names, "D."),
        **_moved(before, after, "average", g_names, "average."),
    }
    found = {
        name: value
        for name, value in found.items()
        if name.startswith("moved/D.") or not biggan_names.cancelled(name)
    }
    found["loss/generator"] = metrics["generator/loss"]
    return tensors.small(found)


def _moved(before, after, network, names, prefix):
    """Return how far parameters and vectors of power iterations moved."""
    old, new = (
        tensors.named(tree[network]["params"], names, "moved", prefix)
        | {
            f"moved/{prefix}{name.removesuffix('weight')}u0": value
            for name, value in tensors.vectors(tree[network]["spectral"], names).items()
        }
        for tree in (before, after)
    )
    return {name: new[name] - old[name] for name in new}


ROWS = [
    *(
        Row(
            f"biggan_{size}",
            (("architectures", "biggan"), ("losses", "hinge")),
            "BigGAN-PyTorch",
            f"networks for {size} pixels: images, logits, hinge losses, gradients",
            functools.partial(networks, size),
        )
        for size in SIZES
    ),
    Row(
        "biggan_orthogonal",
        (("terms", "orthogonal_generator"),),
        "BigGAN-PyTorch",
        "gradient of the orthogonal term, twice the strength there",
        orthogonal,
    ),
    Row(
        "biggan_cifar10_steps",
        (("configs", "biggan_cifar10"),),
        "BigGAN-PyTorch",
        "five steps: parameters, power iterations, average from step 3",
        training,
        slow=True,
    ),
]
