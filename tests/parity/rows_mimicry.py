"""mimicry: networks for 32 pixels, the gradient penalty, and five steps of training."""

import jax
import jax.numpy as jnp

from ganjax.networks import sngan_resnet
from ganjax.objectives import LOSSES, REGULARIZERS
from tests.parity import mimicry_names, rule
from tests.parity.networks import applied, on_one_device, variables
from tests.parity.row import Row
from tests.parity.steps import Training, moved, resolved
from tests.parity.tensors import first, last, named

CLASSES, N, WIDTH, LATENTS = 10, 3, 4, 8
STEPS, TURNS = 5, 5


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
        last(rule.images(f"{start}.{side}", (N, 3, 32, 32)))
        for side in ("along", "real", "fake")
    )
    g = variables(generator, g_names, f"{start}.G.", z, *label)
    d = variables(critic, d_names, f"{start}.D.", real, *label)
    loss = LOSSES[loss]
    penalised = "loss/penalty" in fixture.expected

    def generated(params, g):
        images, _ = applied(generator, {**g, "params": params}, z, *label)
        return jnp.mean(images * along), images

    def judged(params, d):
        held = {**d, "params": params}
        on_real, after = applied(critic, held, real, *label)
        on_fake, _ = applied(critic, after, fake, *label)
        value = loss.discriminator(on_real, on_fake)
        penalty = jnp.zeros(())
        if penalised:
            keys = jax.random.split(jax.random.key(0), N)
            penalty = 10.0 * REGULARIZERS["wgan_gp"](
                lambda x: applied(critic, held, x)[0], real, fake, keys
            )
        return value + penalty, (on_real, on_fake, value, penalty)

    both = on_one_device(
        lambda g, d: (
            jax.value_and_grad(generated, has_aux=True)(g["params"], g),
            jax.value_and_grad(judged, has_aux=True)(d["params"], d),
        ),
        g,
        d,
    )
    ((_, images), g_slopes), ((_, seen), d_slopes) = both
    on_real, on_fake, value, penalty = seen
    return {
        "output/images": first(images),
        "output/real_logits": on_real,
        "output/fake_logits": on_fake,
        "loss/discriminator": value,
        "loss/generator": loss.generator(None, on_fake),
        **({"loss/penalty": penalty} if penalised else {}),
        **named(g_slopes, g_names, "gradient", "G."),
        **named(d_slopes, d_names, "gradient", "D."),
    }


def sngan(fixture):
    return networks("sngan_32", {}, {}, "hinge", False, fixture)


def projection(fixture):
    return networks("sngan_projection_32", {}, {}, "hinge", True, fixture)


def wgan_gp(fixture):
    judge = {"normalization": "none", "pooling": "mean"}
    return networks("wgan_gp_32", {}, judge, "wasserstein", False, fixture)


def training(fixture):
    # The rates fall linearly until the last step.
    changes = {"batch_size": N, "steps": STEPS, "latents.size": LATENTS}
    z = rule.numbers("sngan_steps.z", (STEPS, TURNS + 1, N, LATENTS))
    x = rule.images("sngan_steps.x", (STEPS * TURNS, N, 3, 32, 32))
    x = last(x.reshape(STEPS, TURNS, N, 3, 32, 32))
    draws = {
        "discriminator": {"latents": z[:, :TURNS]},
        "generator": {"latents": z[:, TURNS:]},
    }
    names = {
        "generator": (mimicry_names.generator(), "sngan_32.G."),
        "discriminator": (mimicry_names.discriminator(), "sngan_32.D."),
    }
    ours = Training(resolved("sngan_cifar10:tiny", changes))
    before, after, _ = ours.run(names, {"data": x}, draws)
    return moved(before, after, names, {"generator": "G.", "discriminator": "D."})


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
