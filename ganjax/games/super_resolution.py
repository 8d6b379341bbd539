"""Super-resolution with an adversarial loss (SRGAN; Ledig et al. 2017, arXiv
1609.04802): a generator enlarges small images so that they look like photographs."""

import jax
import jax.numpy as jnp

from ganjax.core import Game
from ganjax.errors import BadInput, shape_text
from ganjax.games.duel import duel
from ganjax.games.recipe import Parts, Recipe, weight
from ganjax.model import Enlarging, Sampler
from ganjax.options import Option


def super_resolution(parts: Parts) -> tuple[Game, Sampler]:
    """Build a generator that enlarges images, and a discriminator of real and enlarged
    images. Each side of the generator's input is ``options.factor`` times shorter than
    a side of its output. In training the input is a reduced real image. The generator
    minimises ``weights.content`` times the mean squared error of pixels (eq. 4) plus
    ``weights.adversarial`` times its adversarial loss (eq. 6). Departure: no error of
    VGG features (eq. 5), because the VGG weights are not available here.
    """
    adversary, factor = parts.adversary, parts.options["factor"]
    *size, channels = parts.shape
    if len(size) != 2 or any(side % factor for side in size):
        raise BadInput(
            f"options.factor={factor}: expected a divisor of the sides of images, but "
            f"an example has the shape {shape_text(parts.shape)}"
        )
    small = (*(side // factor for side in size), channels)

    def shown(view):
        real = view.batch["data"]
        return real, view.apply("generator", reduced(real, factor)), {}

    def generator(owned, view):
        real = view.batch["data"]
        fake, view = view.update("generator", reduced(real, factor))
        fooled, metrics, view = adversary.generator_loss(
            view, "generator", "discriminator", fake, real
        )
        error = jnp.mean((real - fake) ** 2)
        loss = view.knobs["weights.content"] * error
        loss = loss + view.knobs["weights.adversarial"] * fooled
        return loss, view.report(adversarial=fooled, content=error, **metrics)

    def restore(apply, x):
        return apply("generator", reduced(x, factor))

    def interpolate(apply, x):
        """Return the baseline without learning, bicubic interpolation."""
        cubic = jax.image.resize(reduced(x, factor), x.shape, "cubic")
        return jnp.clip(cubic, -1.0, 1.0)

    made = {"generator": parts.network("generator", small, output=parts.shape)}
    game = duel(parts, made, parts.shape, shown, generator)
    reach = getattr(made["generator"].module, "reach", lambda factor: None)
    sampler = Sampler(
        generate=lambda apply, keys: restore(apply, parts.examples(keys)["data"]),
        abilities={
            "restore": restore,
            "interpolate": interpolate,
            "enlarge": lambda apply, x: apply("generator", x),
        },
        enlarging=Enlarging(factor, reach(factor)),
    )
    return game, sampler


def reduced(x: jax.Array, factor: int) -> jax.Array:
    """Return ``x [n, H, W, C]`` as ``[n, H / factor, W / factor, C]``, by antialiased
    bicubic resizing. This is how the usual super-resolution test sets are made."""
    n, h, w, c = x.shape
    shape = (n, h // factor, w // factor, c)
    return jnp.clip(jax.image.resize(x, shape, "cubic", antialias=True), -1.0, 1.0)


SUPER_RESOLUTION = Recipe(
    make=super_resolution,
    networks={"generator": "generator", "discriminator": "discriminator"},
    players=("discriminator", "generator"),
    weights={
        "content": weight(1.0, "the squared error"),
        "adversarial": weight(1e-3, "the adversarial loss"),
    },
    options={"factor": Option(4, "how many times smaller an input's side is", least=2)},
    latents=False,
)
