"""BigGAN-PyTorch: networks for 32, 64 and 128 pixels, and five steps of its CIFAR-10
config."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.networks import biggan
from ganjax.objectives import LOSSES, TERMS
from tests.parity import biggan_names, rule
from tests.parity.networks import applied, on_one_device, variables
from tests.parity.row import Row
from tests.parity.steps import Training, moved, resolved
from tests.parity.tensors import first, last, named
from tests.parity.views import context, view

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
# A factor of real images. At 128 pixels the critic's gradients by real and by generated
# images nearly cancel if both are noise of one size, and leave rounding.
CONTRAST = {32: 1, 64: 1, 128: 3}


def tensors_of(size):
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


def networks(size, fixture):
    (generator, critic), (g_names, d_names) = modules(size), tensors_of(size)
    start = f"biggan_{size}"
    z = rule.numbers(f"{start}.latents", (N, SIZES[size][2]))
    y = rule.labels(f"{start}.y", N, CLASSES)
    along, real, fake = (
        last(rule.images(f"{start}.{x}", (N, 3, size, size)))
        for x in ("along", "real", "fake")
    )
    real = CONTRAST[size] * real
    g = variables(generator, g_names, f"{start}.G.", z, y)
    d = variables(critic, d_names, f"{start}.D.", real, y)
    hinge = LOSSES["hinge"]

    def generated(params, g):
        made, _ = applied(generator, {**g, "params": params}, z, y)
        return jnp.mean(made * along), made

    def judged(params, d):
        both = np.concatenate([fake, real]), np.concatenate([y, y])
        logits, _ = applied(critic, {**d, "params": params}, *both)
        on_fake, on_real = jnp.split(logits, 2)
        return hinge.discriminator(on_real, on_fake), (on_fake, on_real)

    made, seen = on_one_device(
        lambda g, d: (
            jax.value_and_grad(generated, has_aux=True)(g["params"], g),
            jax.value_and_grad(judged, has_aux=True)(d["params"], d),
        ),
        g,
        d,
    )
    ((_, made_images), g_slopes), ((loss, logits), d_slopes) = made, seen
    return {
        "output/images": first(made_images),
        "output/fake_logits": logits[0],
        "output/real_logits": logits[1],
        "loss/discriminator": loss,
        "loss/generator": hinge.generator(None, logits[0]),
        **named(g_slopes, g_names, "gradient", "G."),
        **named(d_slopes, d_names, "gradient", "D."),
    }


def orthogonal(fixture):
    """Their strength 1e-4 is the weight 5e-5: they add half of the gradient."""
    (generator, _), (names, _) = modules(64), tensors_of(64)
    z, y = np.zeros((N, SIZES[64][2]), np.float32), np.zeros(N, np.int32)
    held = variables(generator, names, "biggan_64.G.", z, y)["params"]

    def term(params):
        seen = context(), view({"generator": params}), {}
        return 5e-5 * TERMS["orthogonal_generator"].function(*seen)[0]

    slopes = on_one_device(jax.grad(term), held)
    return named(slopes, names, "gradient")


def training(fixture):
    changes = {"batch_size": N, "latents.size": 8, "ema.begin": BEGIN}
    shape = (STEPS, TURNS + 1, N)
    z = rule.numbers("biggan_steps.z", (*shape, SIZES[32][2]))
    y = rule.labels("biggan_steps.y", int(np.prod(shape)), CLASSES).reshape(shape)
    x = last(rule.images("biggan_steps.x", (*shape, 3, 32, 32)))
    g_names, d_names = tensors_of(32)
    names = {
        "generator": (g_names, "biggan_32.G."),
        "discriminator": (d_names, "biggan_32.D."),
    }
    draws = {
        "discriminator": {"latents": z[:, :TURNS]},
        "generator": {"latents": z[:, TURNS:]},
    }
    ours = Training(resolved("biggan_cifar10:tiny", changes))
    before, after, metrics = ours.run(names, {"data": x, "label": y}, draws)
    prefixes = {"generator": "G.", "discriminator": "D.", "average": "average."}
    found = moved(before, after, names, prefixes)
    return found | {"loss/generator": metrics["generator/loss"]}


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
