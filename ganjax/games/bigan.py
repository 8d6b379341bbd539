"""BiGAN and ALI (Donahue et al. 2017, arXiv 1605.09782; Dumoulin et al. 2017, arXiv
1606.00704). A generator and an encoder learn to invert each other, because they fool
one discriminator of the pairs (G(z), z) and (x, E(x))."""

import math

import jax
import jax.numpy as jnp

from ganjax.core import Game
from ganjax.games.duel import duel
from ganjax.games.recipe import Parts, Recipe
from ganjax.model import Sampler

# The share of features in the anomaly score, as in the code of its authors.
SHARE = 0.1


def bigan(parts: Parts) -> tuple[Game, Sampler]:
    """Build a generator G and an encoder E as one player, and a discriminator of pairs.

    The loss of G and E is the discriminator's loss with the labels real and fake
    exchanged (Donahue et al. 2017, section 3.4). The discriminator reads a sample and a
    latent as one vector. The encoder is deterministic.
    """
    adversary, latents = parts.adversary, parts.latents

    def pairs(view, see):
        real = view.batch["data"]
        z = view.draw("latents", real.shape[0], latents.draw)
        code, view = see(view, "encoder", real)
        made, view = see(view, "generator", z)
        return _pair(real, code), _pair(made, z), view

    def shown(view):
        real, fake, _ = pairs(view, lambda v, name, x: (v.apply(name, x), v))
        return real, fake, {}

    def generator(owned, view):
        real, fake, view = pairs(view, lambda v, name, x: v.update(name, x))
        loss, metrics, view = adversary.exchange_loss(
            view, "generator", "discriminator", real, fake
        )
        return loss, view.report(**metrics)

    def reconstruct(apply, x):
        return apply("generator", apply("encoder", x))

    def anomaly(apply, x):
        """Return the score of Zenati et al. (2018, arXiv 1802.06222, section 3), with
        features f: 0.9·|x − G(E(x))|₁ + 0.1·|f(x, E(x)) − f(G(E(x)), E(x))|₁."""
        code = apply("encoder", x)
        made = apply("generator", code)
        f_x, f_made = (
            apply("discriminator", _pair(y, code), method="full_output").features
            for y in (x, made)
        )
        return (1 - SHARE) * _distance(x, made) + SHARE * _distance(f_x, f_made)

    abilities = {
        "encode": lambda apply, x: apply("encoder", x),
        "reconstruct": reconstruct,
    }
    if adversary.critic_inputs.packing == 1:  # a pack has no features of one sample
        abilities["anomaly"] = anomaly
    size = latents.size
    networks = {
        "generator": parts.network("generator", (size,), output=parts.shape),
        "encoder": parts.network("encoder", parts.shape, output=(size,)),
    }
    entries = math.prod(parts.shape)
    game = duel(parts, networks, (entries + size,), shown, generator)
    sampler = Sampler(
        draw=latents.draw,
        decode=lambda apply, z, label: apply("generator", z),
        abilities=abilities,
    )
    return game, sampler


def _pair(x: jax.Array, z: jax.Array) -> jax.Array:
    return jnp.concatenate([x.reshape(x.shape[0], -1), z], axis=1)


def _distance(x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.sum(jnp.abs(x - y), axis=tuple(range(1, x.ndim)))


BIGAN = Recipe(
    make=bigan,
    networks={
        "generator": "generator",
        "encoder": "encoder",
        "discriminator": "discriminator",
    },
    players=("discriminator", "generator"),
    critic_sees="pairs",
)
