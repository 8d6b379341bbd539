"""Style transfer by adaptive instance normalisation (AdaIN; Huang & Belongie 2017,
arXiv 1703.06868): the content of one image in the style of another one that the
networks may never have seen."""

import dataclasses

import jax
import jax.numpy as jnp

from ganjax.core import Game
from ganjax.errors import BadInput, shape_text
from ganjax.games.duel import duel
from ganjax.games.recipe import Parts, Recipe, weight
from ganjax.model import Sampler
from ganjax.options import Option

# Added to variances (section 5 of Huang & Belongie gives no value).
EPSILON = 1e-5


def adain(content: jax.Array, style: jax.Array) -> jax.Array:
    """Return σ(y)·(x − μ(x))/σ(x) + μ(y) (eq. 8): the features x of a content image
    with the mean and the deviation of each channel of the features y of a style image.
    Both ``[n, h, w, c]``."""
    (mean, deviation), (new_mean, new_deviation) = map(_moments, (content, style))
    return new_deviation * (content - mean) / deviation + new_mean


def style_transfer(parts: Parts) -> tuple[Game, Sampler]:
    """Build a decoder of the features of a fixed encoder, without a discriminator.

    Let c be a content image (domain a), s a style image (domain b), φ_i the maps of the
    encoder, i = 1, …, n, and t_i = AdaIN(φ_i(c), φ_i(s)) (eq. 9). The decoder g is
    called with x = AdaIN(c, s), of the pixels, all φ_i(x), and all t_i; in the paper it
    has t_n alone. With ``options.corrections`` = k it is called k times, each time with
    its last output as x. It minimises ``weights.content`` times the mean of (φ_n(g) −
    t_n)² (eq. 12), plus ``weights.style`` times the sum over i of the mean squared
    differences between the means, and between the deviations, of the channels of φ_i(g)
    and φ_i(s) (eq. 13). The paper writes norms. Its code (xunhuang1995/AdaIN-style) has
    mean squares, as here.
    """
    networks, objective, sampler = _parts(parts, None)
    player = parts.player("decoder", ("decoder",), objective)
    return Game(networks=networks, players=(player,), ema=("decoder",)), sampler


def adversarial_style_transfer(parts: Parts) -> tuple[Game, Sampler]:
    """Add a discriminator of style images and results, which the paper does not have.
    The decoder also pays ``weights.adversarial`` times the adversarial loss."""

    def fooled(view, made):
        return parts.adversary.generator_loss(
            view, "decoder", "discriminator", made, view.batch["b"]
        )

    networks, objective, sampler = _parts(parts, fooled)

    def shown(view):
        a, b = view.batch["a"], view.batch["b"]
        given = _restyled(view.apply, a, b)
        return b, _decoded(view.apply, *given, parts.options["corrections"]), {}

    made = {"decoder": networks["decoder"]}
    game = duel(parts, made, parts.shape, shown, objective, name="decoder")
    return dataclasses.replace(game, networks={**networks, **game.networks}), sampler


def _parts(parts, fooled):
    """Return both networks, the decoder's objective, and the sampler."""
    shape = parts.shape
    if len(shape) != 3:
        raise BadInput(f"data.name: expected images, not the shape {shape_text(shape)}")
    times = parts.options["corrections"]
    encoder = parts.network("encoder", shape)
    maps = 2 * [one.shape[1:] for one in _maps(encoder)]
    decoder = parts.network("decoder", shape, *maps, output=shape)

    def objective(owned, view):
        content, style = view.batch["a"], view.batch["b"]
        made, targets = _restyled(view.apply, content, style)
        for _ in range(times):
            maps = view.apply("encoder", made)
            made, view = view.update("decoder", made, *maps, *targets)
        seen, wanted = (view.apply("encoder", image) for image in (made, style))
        of_content = jnp.mean((seen[-1] - targets[-1]) ** 2)
        of_style = jnp.mean(_style_distance(seen, wanted))
        loss = view.knobs["weights.content"] * of_content
        loss = loss + view.knobs["weights.style"] * of_style
        metrics = {"content": of_content, "style": of_style}
        if fooled is not None:
            adversarial, own, view = fooled(view, made)
            loss = loss + view.knobs["weights.adversarial"] * adversarial
            metrics |= {"adversarial": adversarial, **own}
        return loss, view.report(**metrics)

    def stylised(apply, content, style):
        given = _restyled(apply, content, style)
        return jnp.clip(_decoded(apply, *given, times), -1, 1)

    def blend(apply, x):
        image, style, other = jnp.split(x[..., :-1], 3, -1)
        part = x[:, :1, :1, -1:]
        both = (_restyled(apply, image, y) for y in (style, other))
        mixed = jax.tree.map(lambda one, two: (1 - part) * one + part * two, *both)
        return jnp.clip(_decoded(apply, *mixed, times), -1, 1)

    def style_loss(apply, x):
        image, style = jnp.split(x, 2, -1)
        return _style_distance(apply("encoder", image), apply("encoder", style))

    def content_loss(apply, x):
        image, *pair = (apply("encoder", one)[-1] for one in jnp.split(x, 3, -1))
        return jnp.mean((image - adain(*pair)) ** 2, (1, 2, 3))

    def generate(apply, keys):
        drawn = parts.examples(keys)
        return stylised(apply, drawn["a"], drawn["b"])

    abilities = {
        "stylise": lambda apply, x: stylised(apply, *jnp.split(x, 2, -1)),
        "style_loss": style_loss,
        "content_loss": content_loss,
        "blend": blend,
    }
    networks = {"encoder": encoder, "decoder": decoder}
    return networks, objective, Sampler(generate=generate, abilities=abilities)


def _maps(encoder):
    """Return the shapes of an encoder's maps."""

    def maps(x):
        key = jax.random.key(0)  # made inside, because outside it would be computed
        return encoder.module.init_with_output(key, x, train=True)[0]

    return jax.eval_shape(maps, encoder.inputs[0])


def _restyled(apply, content, style):
    """Return AdaIN of the images, in [-1, 1], and of their maps."""
    maps = (apply("encoder", image) for image in (content, style))
    return jnp.clip(adain(content, style), -1, 1), tuple(map(adain, *maps))


def _decoded(apply, image, targets, times):
    """Return the image after a number of passes through the decoder."""
    for _ in range(times):
        image = apply("decoder", image, *apply("encoder", image), *targets)
    return image


def _moments(x):
    """Return mean and standard deviation ``[n, 1, 1, c]`` of the pixels of each map."""
    mean = jnp.mean(x, (1, 2), keepdims=True)
    variance = jnp.mean((x - mean) ** 2, (1, 2), keepdims=True)
    return mean, jnp.sqrt(variance + EPSILON)


def _style_distance(maps, others):
    """Return the loss of eq. 13 for each sample, ``[n]``."""

    def distance(*pair):
        moments = zip(*map(_moments, pair), strict=True)
        return sum(
            jnp.mean((ours - theirs) ** 2, (1, 2, 3)) for ours, theirs in moments
        )

    return sum(map(distance, maps, others))


_WEIGHTS = {
    "content": weight(1.0, "the distance from the target features"),
    "style": weight(10.0, "the distance from the style's means and deviations"),
}
_OPTIONS = {"corrections": Option(1, "passes through the decoder", least=1)}

STYLE_TRANSFER = Recipe(
    make=style_transfer,
    networks={"encoder": "encoder_to_maps", "decoder": "decoder_from_maps"},
    players=("decoder",),
    critics=(),
    weights=_WEIGHTS,
    options=_OPTIONS,
    reads=("a", "b"),
    latents=False,
)

ADVERSARIAL_STYLE_TRANSFER = Recipe(
    make=adversarial_style_transfer,
    networks={
        "encoder": "encoder_to_maps",
        "decoder": "decoder_from_maps",
        "discriminator": "discriminator",
    },
    players=("discriminator", "decoder"),
    weights=_WEIGHTS | {"adversarial": weight(1.0, "the adversarial loss")},
    options=_OPTIONS,
    reads=("a", "b"),
    latents=False,
)
