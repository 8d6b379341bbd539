"""Filling in: pix2pix (Isola et al. 2017, arXiv 1611.07004) from an image with a hole
to the whole image. The holes are free-form (Yu et al. 2019, arXiv 1806.03589)."""

import jax
import jax.numpy as jnp

from ganjax.core import Game, child_key
from ganjax.errors import BadInput, shape_text
from ganjax.games.duel import duel
from ganjax.games.recipe import Parts, Recipe, weight
from ganjax.masks import MASK_OPTIONS, masks_of
from ganjax.model import Masking, Sampler
from ganjax.options import Option


def inpainting(parts: Parts) -> tuple[Game, Sampler]:
    """Build a generator that fills the holes of images, and a discriminator of whole
    and completed images, which also sees the mask (Yu et al. 2019, section 3.2).

    Let x be an image, m its mask (1 in the hole), and y = G(x·(1 − m), m). The
    completed image is z = x·(1 − m) + y·m (Liu et al. 2018, arXiv 1804.07723, section
    3.3). The generator minimises ``weights.hole`` times the mean of |x − y| over the
    hole (L_hole of Liu et al., section 3.3; theirs is a mean over the image), plus
    ``weights.seam`` times the mean of |x − y| over the seam, plus
    ``weights.adversarial`` times its adversarial loss for (z, m). The seam is the band
    of pixels on both sides of the hole's border that are at most ``options.seam`` steps
    from the other side. On its outer side the generator has to continue the context, of
    which the completed image has the original.

    As in pix2pix, the generator has no noise input. Each turn draws new masks, one for
    each sample.
    """
    *size, channels = parts.shape
    if len(size) != 2:
        raise BadInput(
            f"game='inpainting': expected images, but an example has the shape "
            f"{shape_text(parts.shape)}"
        )
    draw, width = masks_of(parts.options, tuple(size)), parts.options["seam"]

    def asked(view):
        """Return real images, masks, and the generator's inputs."""
        x = view.batch["data"]
        mask = view.draw("masks", len(x), draw)
        return x, mask, jnp.concatenate([x * (1 - mask), mask], -1)

    def shown(view):
        x, mask, context = asked(view)
        z = completed(context, view.apply("generator", context))
        return _with(mask, x), _with(mask, z), {}

    def generator(owned, view):
        x, mask, context = asked(view)
        y, view = view.update("generator", context)
        z = completed(context, y)
        fooled, metrics, view = parts.adversary.generator_loss(
            view, "generator", "discriminator", _with(mask, z), _with(mask, x)
        )
        error = jnp.mean(jnp.abs(x - y), -1, keepdims=True)
        hole, border = _mean_over(mask, error), _mean_over(seam(mask, width), error)
        weights = view.knobs
        loss = weights["weights.adversarial"] * fooled
        loss = loss + weights["weights.hole"] * hole + weights["weights.seam"] * border
        return loss, view.report(adversarial=fooled, hole=hole, seam=border, **metrics)

    def fill(apply, x):
        """Complete images whose last channel is the mask."""
        image, mask = x[..., :-1], x[..., -1:]
        context = jnp.concatenate([image * (1 - mask), mask], -1)
        return completed(context, apply("generator", context))

    def generate(apply, keys):
        x = parts.examples(keys)["data"]
        mask = draw(jax.vmap(lambda key: child_key(key, "masks"))(keys))
        return fill(apply, jnp.concatenate([x, mask], -1))

    seen = (*size, channels + 1)
    made = {"generator": parts.network("generator", seen, output=parts.shape)}
    game = duel(parts, made, seen, shown, generator)
    masking = Masking(draw, {k: v for k, v in parts.options.items() if k != "seam"})
    return game, Sampler(generate=generate, abilities={"fill": fill}, masking=masking)


def completed(context: jax.Array, made: jax.Array) -> jax.Array:
    """Return the completed images ``[n, H, W, C]``: ``made`` in the hole, the context
    elsewhere.

    Args:
      context: images that are 0 in the hole, with the mask as the last channel.
      made: images of the generator ``[n, H, W, C]``.
    """
    return context[..., :-1] + made * context[..., -1:]


def seam(mask: jax.Array, width: int) -> jax.Array:
    """Return the band ``[n, H, W, 1]`` about the border of the hole: pixels from which
    at most ``width`` steps lead to the other side, in eight directions."""

    def grown(x):
        window = (1, 2 * width + 1, 2 * width + 1, 1)
        return jax.lax.reduce_window(
            x, -jnp.inf, jax.lax.max, window, (1, 1, 1, 1), "SAME"
        )

    # In the hole and near the context, or in the context and near the hole.
    return mask * grown(1 - mask) + (1 - mask) * grown(mask)


def _with(mask, x):
    return jnp.concatenate([x, mask], -1)


def _mean_over(where, error):
    """Return the mean over samples of the mean of ``error`` over the pixels ``where``;
    both ``[n, H, W, 1]``."""
    total, count = (jnp.sum(a, (1, 2, 3)) for a in (where * error, where))
    return jnp.mean(total / count)


INPAINTING = Recipe(
    make=inpainting,
    networks={"generator": "generator", "discriminator": "discriminator"},
    players=("discriminator", "generator"),
    weights={
        "adversarial": weight(1.0, "the adversarial loss"),
        "hole": weight(6.0, "the L1 error in the hole"),
        "seam": weight(1.0, "the L1 error along the border of the hole"),
    },
    options={
        **MASK_OPTIONS,
        "seam": Option(2, "pixels on each side of the border of the hole", least=1),
    },
    latents=False,
)
