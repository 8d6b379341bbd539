"""pix2pix (Isola et al. 2017, arXiv 1611.07004): translation learnt from pairs."""

import jax.numpy as jnp

from ganjax.core import Game
from ganjax.games.recipe import Parts, Recipe


def pix2pix(parts: Parts) -> Game:
    """A generator from a to b and a discriminator of pairs (eq. 1): the generator
    descends ``weights.adversarial`` times its adversarial loss plus ``weights.l1``
    times E|b − G(a)| (eqs. 3 and 4, the mean over entries). Without noise, as the
    paper's networks learnt to ignore it (section 3.1).
    """
    adversary = parts.adversary

    def discriminator(owned, view):
        a, b = view.batch["a"], view.batch["b"]
        made = view.apply("generator", a)
        loss, metrics, view = adversary.judge(
            view, "discriminator", "discriminator", _pair(a, b), _pair(a, made)
        )
        return loss, view.report(**metrics)

    def generator(owned, view):
        a, b = view.batch["a"], view.batch["b"]
        made, view = view.update("generator", a)
        fooled, metrics, view = adversary.fool(
            view, "generator", "discriminator", _pair(a, made), _pair(a, b)
        )
        error = jnp.mean(jnp.abs(b - made))
        weights = view.knobs
        loss = weights["weights.adversarial"] * fooled + weights["weights.l1"] * error
        return loss, view.report(adversarial=fooled, l1=error, **metrics)

    def translate(apply, a):
        return apply("generator", a)

    *size, channels = parts.shape
    return Game(
        networks={
            "generator": parts.network("generator", parts.shape, output=parts.shape),
            "discriminator": parts.network(
                "discriminator", adversary.sight.shape((*size, 2 * channels))
            ),
        },
        players=(
            parts.player("discriminator", ("discriminator",), discriminator),
            parts.player("generator", ("generator",), generator),
        ),
        memory=lambda key: parts.memory(("discriminator",), "generator"),
        sample=lambda apply, keys: translate(apply, parts.examples(keys)["a"]),
        abilities={"translate": translate},
        **parts.common,
    )


def _pair(a, b):
    return jnp.concatenate([a, b], axis=-1)


PIX2PIX = Recipe(
    make=pix2pix,
    networks={"generator": "generator", "discriminator": "discriminator"},
    players=("discriminator", "generator"),
    weights={"adversarial": 1.0, "l1": 100.0},
    reads=("a", "b"),
    paired=True,
    latents=False,
)
