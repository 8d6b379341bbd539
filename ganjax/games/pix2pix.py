"""pix2pix (Isola et al. 2017, arXiv 1611.07004): translation learnt from pairs."""

import dataclasses

import jax.numpy as jnp

from ganjax.core import Game
from ganjax.games.duel import duel
from ganjax.games.recipe import Parts, Recipe, weight
from ganjax.model import Sampler


def pix2pix(parts: Parts) -> tuple[Game, Sampler]:
    """Build a generator from a to b and a discriminator of pairs (Isola et al. 2017,
    eq. 1).

    The generator minimises ``weights.adversarial`` times its adversarial loss plus
    ``weights.l1`` times E|b − G(a)|, a mean over entries (eqs. 3 and 4 of the paper).
    It has no noise input, because the paper's networks learnt to ignore noise
    (section 3.1). The discriminator minimises ``weights.discriminator`` times its loss:
    the paper halves it (section 3.3). The losses of least squares have this half
    already. The steps of Adam depend on this weight only through its epsilon.
    """

    def shown(view):
        a, b = view.batch["a"], view.batch["b"]
        return _pair(a, b), _pair(a, view.apply("generator", a)), {}

    def generator(owned, view):
        a, b = view.batch["a"], view.batch["b"]
        made, view = view.update("generator", a)
        fooled, metrics, view = parts.adversary.generator_loss(
            view, "generator", "discriminator", _pair(a, made), _pair(a, b)
        )
        error = jnp.mean(jnp.abs(b - made))
        weights = view.knobs
        loss = weights["weights.adversarial"] * fooled + weights["weights.l1"] * error
        return loss, view.report(adversarial=fooled, l1=error, **metrics)

    def translate(apply, a):
        return apply("generator", a)

    *size, channels = parts.shape
    made = {"generator": parts.network("generator", parts.shape, output=parts.shape)}
    game = duel(parts, made, (*size, 2 * channels), shown, generator)
    critic, translator = game.players

    def discriminator(owned, view):
        loss, report = critic.objective(owned, view)
        return view.knobs["weights.discriminator"] * loss, report

    weighed = dataclasses.replace(critic, objective=discriminator)
    game = dataclasses.replace(game, players=(weighed, translator))
    sampler = Sampler(
        generate=lambda apply, keys: translate(apply, parts.examples(keys)["a"]),
        abilities={"translate": translate},
    )
    return game, sampler


def _pair(a, b):
    return jnp.concatenate([a, b], axis=-1)


PIX2PIX = Recipe(
    make=pix2pix,
    networks={"generator": "generator", "discriminator": "discriminator"},
    players=("discriminator", "generator"),
    weights={
        "adversarial": weight(1.0, "the adversarial loss"),
        "l1": weight(100.0, "the L1 error of translations"),
        "discriminator": weight(0.5, "the discriminator's loss"),
    },
    reads=("a", "b"),
    paired=True,
    latents=False,
)
