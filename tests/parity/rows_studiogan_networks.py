"""ganjax's networks against PyTorch-StudioGAN's, in training mode."""

import functools

import jax
import jax.numpy as jnp

from ganjax.networks import biggan, deep_conv, sagan
from tests.parity import rule, studiogan_names
from tests.parity.networks import applied, on_one_device, variables
from tests.parity.row import Row
from tests.parity.tensors import first, last, named, vectors

SAMPLES, CLASSES, SHAPE = 2, 10, (32, 32, 3)
LATENTS, IMAGES = "second", "pictures"  # as in the oracle


def _written(player, held, mapping):
    found = vectors(held.get("spectral", {}), mapping, "output")
    averaged = held.get("batch_stats", {})
    return found | studiogan_names.averages(player, averaged, mapping, SAMPLES)


def generator(module, mapping, latent, labelled, fixture):
    """Return a generator's images, and the gradients of their sum with weights."""
    z = rule.numbers(LATENTS, (SAMPLES, latent))
    inputs = (z, rule.labels("label", SAMPLES, CLASSES)) if labelled else (z,)
    held = variables(module, mapping, "generator.", *inputs)
    weights = last(rule.numbers("weights", (SAMPLES, SHAPE[2], *SHAPE[:2])))

    def total(params, held):
        images, after = applied(module, {**held, "params": params}, *inputs)
        return jnp.sum(images * weights), (images, after)

    differentiated = jax.grad(total, has_aux=True)
    slope, (images, after) = on_one_device(differentiated, held["params"], held)
    return {
        "output/images": first(images),
        **_written("generator", after, mapping),
        **named(slope, mapping, "gradient"),
    }


def discriminator(module, mapping, labelled, fixture):
    """Return a discriminator's outputs, and the gradients of their weighted sum."""
    x = last(rule.images(IMAGES, (SAMPLES, SHAPE[2], *SHAPE[:2])))
    labels = (rule.labels("label", SAMPLES, CLASSES),) if labelled else ()
    held = variables(module, mapping, "discriminator.", x, *labels)

    def total(params, x, held):
        judged, after = applied(
            module, {**held, "params": params}, x, *labels, method="full_output"
        )
        outputs = {
            "adv_output": judged.logits,
            "embed": judged.outputs.get("embedding"),
        }
        outputs["proxy"] = judged.outputs.get("proxy")
        outputs = {name: y for name, y in outputs.items() if y is not None}
        weighed = [
            jnp.sum(y * rule.numbers(f"weights/{name}", y.shape))
            for name, y in outputs.items()
        ]
        return sum(weighed), (outputs, after)

    differentiated = jax.grad(total, (0, 1), has_aux=True)
    (slope, of_x), (outputs, after) = on_one_device(
        differentiated, held["params"], x, held
    )
    return {
        **{f"output/{name}": y for name, y in outputs.items()},
        "gradient/images": first(of_x),
        **_written("discriminator", after, mapping),
        **named(slope, mapping, "gradient"),
    }


_VARIANCE = (
    "torch averages the unbiased variance, ganjax the biased one; the averages are "
    "compared after multiplication by n/(n − 1)"
)
_BATCH_STATS = "images, gradients, averages of batch normalisation"
_LABEL = {"conditioning": "conditional_batch_norm", "classes": CLASSES}
_OF_RESNETS = {"width": 8, "attention": 16}

ROWS = [
    Row(
        "studiogan_deep_conv_generator",
        (("architectures", "deep_conv"), ("configs", "dcgan_cifar10")),
        "PyTorch-StudioGAN",
        _BATCH_STATS,
        functools.partial(
            generator,
            deep_conv.Generator(SHAPE),
            studiogan_names.deep_conv_generator(),
            128,
            False,
        ),
        differs=_VARIANCE,
    ),
    Row(
        "studiogan_deep_conv_discriminator",
        (("architectures", "deep_conv"), ("configs", "dcgan_cifar10")),
        "PyTorch-StudioGAN",
        "logits, gradients, averages of batch normalisation",
        functools.partial(
            discriminator,
            deep_conv.Discriminator(),
            studiogan_names.deep_conv_discriminator(),
            False,
        ),
        differs=_VARIANCE,
    ),
    Row(
        "studiogan_resnet_generator",
        (("architectures", "sagan"), ("configs", "sagan_cifar10")),
        "PyTorch-StudioGAN",
        f"{_BATCH_STATS}, spectral vectors, with the options of `sagan_cifar10`",
        functools.partial(
            generator,
            sagan.Generator(
                SHAPE, spectral_conditions=True, epsilon=1e-4, **_OF_RESNETS, **_LABEL
            ),
            studiogan_names.residual_generator(shared=False),
            128,
            True,
        ),
        differs=_VARIANCE,
    ),
    Row(
        "studiogan_resnet_discriminator",
        (("architectures", "sagan"), ("configs", "sagan_cifar10")),
        "PyTorch-StudioGAN",
        "logits, gradients, spectral vectors, with the options of `sagan_cifar10`",
        functools.partial(
            discriminator,
            sagan.Discriminator(
                conditioning="projection",
                classes=CLASSES,
                rectified_shortcut=True,
                **_OF_RESNETS,
            ),
            studiogan_names.residual_discriminator(compares=False),
            True,
        ),
    ),
    Row(
        "studiogan_big_resnet_generator",
        (("architectures", "biggan"), ("configs", "reacgan_cifar10")),
        "PyTorch-StudioGAN",
        f"{_BATCH_STATS}, spectral vectors, with the options of `reacgan_cifar10`",
        functools.partial(
            generator,
            biggan.Generator(SHAPE, epsilon=1e-4, **_OF_RESNETS, **_LABEL),
            studiogan_names.residual_generator(shared=True),
            80,
            True,
        ),
        differs=_VARIANCE,
    ),
    Row(
        "studiogan_big_resnet_discriminator",
        (("architectures", "biggan"), ("configs", "reacgan_cifar10")),
        "PyTorch-StudioGAN",
        "outputs of all heads, gradients, spectral vectors, with the options of "
        "`reacgan_cifar10`",
        functools.partial(
            discriminator,
            biggan.Discriminator(
                conditioning="data_to_data",
                classes=CLASSES,
                width=4,
                attention=16,
                embedding=16,
                rectified_shortcut=True,
            ),
            studiogan_names.residual_discriminator(compares=True),
            True,
        ),
    ),
]
