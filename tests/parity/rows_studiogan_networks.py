"""ganjax's networks against PyTorch-StudioGAN's, in training mode."""

import functools

import jax
import jax.numpy as jnp

from ganjax.networks import biggan, conv, deep_conv, sagan
from tests.parity import rule, studiogan_layouts
from tests.parity.row import Row

SAMPLES, CLASSES, SHAPE = 2, 10, (32, 32, 3)
LATENTS, IMAGES = "second", "pictures"  # as in the oracle


def _nhwc(x):
    return jnp.moveaxis(jnp.asarray(x), 1, -1)


def _nchw(x):
    return jnp.moveaxis(x, -1, 1)


def _variables(player, module, mapping, *inputs):
    """Return parameters and spectral vectors by the rule, and first averages."""
    init = functools.partial(module.init, train=True)
    shapes = jax.eval_shape(lambda: init(jax.random.key(0), *inputs))
    params = studiogan_layouts.filled(player, shapes["params"], mapping)
    held = {}
    if "spectral" in shapes:
        held["spectral"] = studiogan_layouts.vectors(
            player, params, shapes["spectral"], mapping
        )
    if "batch_stats" in shapes:
        held["batch_stats"] = jax.tree_util.tree_map_with_path(
            lambda path, x: jnp.full(x.shape, float(path[-1].key == "var")),
            shapes["batch_stats"],
        )
    return params, held


def _pass(module, held, method=None):
    """Return ``(params, *inputs) -> (output, written variables)`` of one device."""

    def run(params, *inputs):
        def one(*inputs):
            variables = {"params": params, **held}
            how = {"train": True, "mutable": list(held), "method": method}
            return module.apply(variables, *inputs, **how)

        batch = jax.vmap(one, axis_name="data")(*(x[None] for x in inputs))
        return jax.tree.map(lambda x: x[0], batch)

    return run


def _compiled(function, *arguments):
    """Call a function, compiled quickly. ``tests/networks/test_conv_forms.py`` compares
    the forms of convolutions."""
    with conv.form("stock"):
        lowered = jax.jit(function).lower(*arguments)
    return lowered.compile({"xla_backend_optimization_level": 0})(*arguments)


def _written(player, written, mapping):
    found = {}
    if "spectral" in written:
        found |= studiogan_layouts.named_vectors(player, written["spectral"], mapping)
    if "batch_stats" in written:
        found |= studiogan_layouts.named_averages(
            player, written["batch_stats"], mapping, SAMPLES
        )
    return found


def generator(module, mapping, latent, labelled, fixture):
    """Return a generator's images, and the gradients of their sum with weights."""
    z = jnp.asarray(rule.numbers(LATENTS, (SAMPLES, latent)))
    inputs = (z, rule.labels("label", SAMPLES, CLASSES)) if labelled else (z,)
    params, held = _variables("generator", module, mapping, *inputs)
    weights = _nhwc(rule.numbers("weights", (SAMPLES, SHAPE[2], *SHAPE[:2])))

    def total(params):
        images, written = _pass(module, held)(params, *inputs)
        return jnp.sum(images * weights), (images, written)

    slope, (images, written) = _compiled(jax.grad(total, has_aux=True), params)
    return {
        "output/images": _nchw(images),
        **_written("generator", written, mapping),
        **studiogan_layouts.named("generator", slope, mapping, "gradient"),
    }


def discriminator(module, mapping, labelled, fixture):
    """Return a discriminator's outputs, and the gradients of their weighted sum."""
    x = _nhwc(rule.images(IMAGES, (SAMPLES, SHAPE[2], *SHAPE[:2])))
    labels = (rule.labels("label", SAMPLES, CLASSES),) if labelled else ()
    params, held = _variables("discriminator", module, mapping, x, *labels)

    def total(params, x):
        run = _pass(module, held, "full_output")
        judged, written = run(params, x, *labels)
        named = {"adv_output": judged.logits, "embed": judged.outputs.get("embedding")}
        named["proxy"] = judged.outputs.get("proxy")
        named = {name: value for name, value in named.items() if value is not None}
        weighed = [
            jnp.sum(value * rule.numbers(f"weights/{name}", value.shape))
            for name, value in named.items()
        ]
        return sum(weighed), (named, written)

    slopes = jax.grad(total, (0, 1), has_aux=True)
    (slope, of_x), (outputs, written) = _compiled(slopes, params, x)
    return {
        **{f"output/{name}": value for name, value in outputs.items()},
        "gradient/images": _nchw(of_x),
        **_written("discriminator", written, mapping),
        **studiogan_layouts.named("discriminator", slope, mapping, "gradient"),
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
            studiogan_layouts.deep_conv_generator(),
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
            studiogan_layouts.deep_conv_discriminator(),
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
            studiogan_layouts.residual_generator(shared=False),
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
            studiogan_layouts.residual_discriminator(compares=False),
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
            studiogan_layouts.residual_generator(shared=True),
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
            studiogan_layouts.residual_discriminator(compares=True),
            True,
        ),
    ),
]
