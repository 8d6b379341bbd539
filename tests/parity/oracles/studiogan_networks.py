"""Networks of PyTorch-StudioGAN in training mode: outputs, gradients, and the vectors
and averages that a pass writes."""

import functools

from tests.parity import rule
from tests.parity.oracles import studiogan_code, torch_side
from tests.parity.studiogan_names import cancelled

SOURCE = studiogan_code.SOURCE
SAMPLES, SIDE = 2, 32
# With these inputs no ReLU of ``deep_conv`` reads a number below 7e-6 (in float64), so
# that rounding changes no sign. A changed sign would change gradients by 1e-2.
LATENTS, IMAGES = "second", "pictures"
NARROW = {"MODEL__g_conv_dim": 8, "MODEL__d_conv_dim": 8}


def _built(name, player, repository):
    changes = {} if name == "DCGAN" else dict(NARROW)
    if name == "ReACGAN":
        changes["MODEL__d_embed_dim"] = 16
    made = studiogan_code.config(repository, name, **changes)
    module = studiogan_code.networks(repository, made)[player == "discriminator"]
    return made, module.train()


def _label(made):
    return torch_side.tensor(
        rule.labels("label", SAMPLES, made.DATA.num_classes)
    ).long()


def _written(module):
    """Return the spectral vectors and the averages of batch normalisation."""
    return {
        f"output/{name}": torch_side.array(value)
        for name, value in module.named_buffers()
        if name.endswith(("weight_u", "running_mean", "running_var"))
    }


def generator(name, repository):
    """Return a generator's images, and the gradients of their sum with weights."""
    made, module = _built(name, "generator", repository)
    z = torch_side.tensor(rule.numbers(LATENTS, (SAMPLES, made.MODEL.z_dim)))
    images = module(z, _label(made))
    weights = torch_side.tensor(rule.numbers("weights", tuple(images.shape)))
    (images * weights).sum().backward()
    return {
        **studiogan_code.fields(repository, name),
        "output/images": torch_side.array(images),
        **_written(module),
        # Of ``deep_conv``, gradients that are rounding are below the limit for zeros.
        **{
            key: slope
            for key, slope in torch_side.gradients(module).items()
            if name == "DCGAN" or not cancelled(key)
        },
    }


def discriminator(name, repository):
    """Return a discriminator's outputs, and the gradients of their weighted sum."""
    made, module = _built(name, "discriminator", repository)
    x = torch_side.tensor(rule.images(IMAGES, (SAMPLES, 3, SIDE, SIDE)))
    x.requires_grad_(True)
    judged = module(x, _label(made))
    total, found = 0.0, {}
    for output in ("adv_output", "embed", "proxy"):
        if judged[output] is not None:
            value = judged[output]
            found[f"output/{output}"] = torch_side.array(value)
            weights = rule.numbers(f"weights/{output}", tuple(value.shape))
            total = total + (value * torch_side.tensor(weights)).sum()
    total.backward()
    return {
        **found,
        "gradient/images": torch_side.array(x.grad),
        **_written(module),
        **torch_side.gradients(module),
    }


FIXTURES = {
    f"studiogan_{architecture}_{player.__name__}": functools.partial(player, name)
    for architecture, name in (
        ("deep_conv", "DCGAN"), ("resnet", "SAGAN"), ("big_resnet", "ReACGAN"),
    )
    for player in (generator, discriminator)
}  # fmt: skip
