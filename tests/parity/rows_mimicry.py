"""mimicry: networks for 32 pixels, the gradient penalty, and five steps of training."""

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.networks import sngan_resnet
from ganjax.objectives import LOSSES, REGULARIZERS
from tests.parity import mimicry_names, rule, steps, tensors
from tests.parity.row import Row

CLASSES, N, WIDTH, LATENTS = 10, 3, 4, 8
STEPS, TURNS = 5, 5


def _advanced(critic, held, params, *inputs):
    """Return the logits of a pass, and the variables that it wrote."""
    kept = [name for name in held if name != "params"]
    logits, written = critic.apply(
        {**held, "params": params}, *inputs, train=True, mutable=kept
    )
    return logits, {**held, **written}


def networks(start, made, judge, loss, labels, fixture):
    """Run a generator and a critic.

    Args:
      start: the beginning of names in the rule.
      made, judge: options of the generator and of the critic.
      loss: the name of their loss.
      labels: whether they take labels.
    """
    conditions = (
        ({"conditioning": "conditional_batch_norm"}, {"conditioning": "projection"})
        if labels
        else ({}, {})
    )
    options = {"width": WIDTH, "classes": CLASSES if labels else 0}
    generator = sngan_resnet.Generator(
        (32, 32, 3), upsampling="bilinear", **options, **made, **conditions[0]
    )
    critic = sngan_resnet.Discriminator(
        rectified_shortcut=True, **options, **judge, **conditions[1]
    )
    spectral = critic.normalization == "spectral"
    g_names = mimicry_names.generator(labels)
    d_names = mimicry_names.discriminator(labels, spectral)
    z = rule.numbers(f"{start}.z", (N, LATENTS))
    label = (rule.labels(f"{start}.y", N, CLASSES),) if labels else ()
    along, real, fake = (
        np.moveaxis(rule.images(f"{start}.{side}", (N, 3, 32, 32)), 1, -1)
        for side in ("along", "real", "fake")
    )
    g = steps.variables(generator, g_names, f"{start}.G.", z, *label)
    d = steps.variables(critic, d_names, f"{start}.D.", real, *label)
    loss = LOSSES[loss]
    penalised = "loss/penalty" in fixture.expected

    def generated(params, g):
        images = steps.applied(generator, g, params, z, *label)
        return jnp.mean(images * along), images

    def judged(params, d):
        on_real, after = _advanced(critic, d, params, real, *label)
        on_fake, _ = _advanced(critic, after, params, fake, *label)
        value = loss.discriminator(on_real, on_fake)
        penalty = jnp.zeros(())
        if penalised:
            keys = jax.random.split(jax.random.key(0), N)
            penalty = 10.0 * REGULARIZERS["wgan_gp"](
                lambda x: steps.applied(critic, d, params, x), real, fake, keys
            )
        return value + penalty, (on_real, on_fake, value, penalty)

    both = steps.on_one_device(
        lambda g, d: (
            jax.value_and_grad(generated, has_aux=True)(g["params"], g),
            jax.value_and_grad(judged, has_aux=True)(d["params"], d),
        ),
        g,
        d,
    )
    ((_, images), g_slopes), ((_, seen), d_slopes) = both
    on_real, on_fake, value, penalty = seen
    found = {
        "output/images": np.moveaxis(images, -1, 1),
        "output/real_logits": on_real,
        "output/fake_logits": on_fake,
        "loss/discriminator": value,
        "loss/generator": loss.generator(None, on_fake),
        **({"loss/penalty": penalty} if penalised else {}),
        **tensors.named(g_slopes, g_names, "gradient", "G."),
        **tensors.named(d_slopes, d_names, "gradient", "D."),
    }
    return tensors.small(found)


def sngan(fixture):
    return networks("sngan_32", {}, {}, "hinge", False, fixture)


def projection(fixture):
    return networks("sngan_projection_32", {}, {}, "hinge", True, fixture)


def wgan_gp(fixture):
    judge = {"normalization": "none", "pooling": "mean"}
    return networks("wgan_gp_32", {}, judge, "wasserstein", False, fixture)


def training(fixture):
    config = steps.resolved(
        "sngan_cifar10:tiny",
        {"batch_size": N, "steps": STEPS, "latents.size": LATENTS},
    )
    g_names, d_names = mimicry_names.generator(), mimicry_names.discriminator()
    z = rule.numbers("sngan_steps.z", (STEPS, TURNS + 1, N, LATENTS))
    x = rule.images("sngan_steps.x", (STEPS * TURNS, N, 3, 32, 32))
    x = np.moveaxis(x.reshape(STEPS, TURNS, N, 3, 32, 32), 3, -1)
    draws = {
        "discriminator": {"latents": z[:, :TURNS]},
        "generator": {"latents": z[:, TURNS:]},
    }
    names = {
        "generator": (g_names, "sngan_32.G."),
        "discriminator": (d_names, "sngan_32.D."),
    }
    before, after, _ = steps.run(config, names, {"data": x}, draws)
    found = {}
    for network, known, prefix in (
        ("generator", g_names, "G."),
        ("discriminator", d_names, "D."),
    ):
        old, new = (_state(tree[network], known, prefix) for tree in (before, after))
        found |= {
            f"moved/{name}": new[name] - old[name]
            for name in new
            if prefix == "D." or not mimicry_names.cancelled(name.removeprefix("G."))
        }
    return tensors.small(found)


def _state(tree, names, prefix):
    """Return the parameters and the vectors of power iterations of a network."""
    made = tensors.named(tree["params"], names, "", prefix)
    made = {name.removeprefix("/"): value for name, value in made.items()}
    held = tensors.vectors(tree.get("spectral", {}), names)
    return made | {
        f"{prefix}{name.removesuffix('_orig')}_u": value for name, value in held.items()
    }


ROWS = [
    Row(
        "sngan_32",
        (("architectures", "sngan_resnet"), ("configs", "sngan_cifar10")),
        "mimicry",
        "networks for 32 pixels: images, logits, hinge losses, gradients",
        sngan,
    ),
    Row(
        "sngan_projection_32",
        (
            ("architectures", "sngan_resnet"),
            ("conditionings", "projection"),
            ("configs", "sngan_projection_cifar10"),
        ),
        "mimicry",
        "conditional batch norm and projection: images, logits, losses, gradients",
        projection,
    ),
    Row(
        "wgan_gp_32",
        (("penalties", "wgan_gp"), ("configs", "wgan_gp_cifar10")),
        "mimicry",
        "networks for 32 pixels, Wasserstein losses and gradient penalty, gradients",
        wgan_gp,
    ),
    Row(
        "sngan_cifar10_steps",
        (("configs", "sngan_cifar10"),),
        "mimicry",
        "five steps with linear decay of the rates: parameters, power iterations",
        training,
        slow=True,
    ),
]
