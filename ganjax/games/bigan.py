"""BiGAN and ALI (Donahue et al. 2017, arXiv 1605.09782; Dumoulin et al. 2017, arXiv
1606.00704): a generator and an encoder that invert each other, as one discriminator of
pairs cannot tell (G(z), z) from (x, E(x))."""

import jax
import jax.numpy as jnp

from ganjax.core import Decoder, Game
from ganjax.games.recipe import Parts, Recipe


def bigan(parts: Parts) -> Game:
    """Generator and encoder are one player, whose loss is the discriminator's with both
    labels exchanged (BiGAN, section 3.4). The discriminator sees a sample and a latent
    as one vector; the encoder is deterministic.
    """
    adversary = parts.adversary

    def pairs(view, see):
        real = view.batch["data"]
        z = parts.draw(view.keys("latents", real.shape[0]))
        code, view = see(view, "encoder", real)
        made, view = see(view, "generator", z)
        return _pair(real, code), _pair(made, z), view

    def discriminator(owned, view):
        real, fake, view = pairs(view, lambda v, name, x: (v.apply(name, x), v))
        loss, metrics, view = adversary.judge(
            view, "discriminator", "discriminator", real, fake
        )
        return loss, view.report(**metrics)

    def generator(owned, view):
        real, fake, view = pairs(view, lambda v, name, x: v.update(name, x))
        loss, metrics, view = adversary.exchange(
            view, "generator", "discriminator", real, fake
        )
        return loss, view.report(**metrics)

    size = parts.latent_size
    entries = jnp.zeros(parts.shape).size
    return Game(
        networks={
            "generator": parts.network("generator", (size,), output=parts.shape),
            "encoder": parts.network("encoder", parts.shape, output=(size,)),
            "discriminator": parts.network(
                "discriminator", adversary.sight.shape((entries + size,))
            ),
        },
        players=(
            parts.player("discriminator", ("discriminator",), discriminator),
            parts.player("generator", ("generator", "encoder"), generator),
        ),
        ema=("generator", "encoder"),
        memory=lambda key: parts.memory(("discriminator",), "generator"),
        sample=Decoder(
            parts.draw_samples, lambda apply, z, label: apply("generator", z)
        ),
        abilities={
            "encode": lambda apply, x: apply("encoder", x),
            "reconstruct": lambda apply, x: apply("generator", apply("encoder", x)),
        },
        **parts.common,
    )


def _pair(x: jax.Array, z: jax.Array) -> jax.Array:
    return jnp.concatenate([x.reshape(x.shape[0], -1), z], axis=1)


BIGAN = Recipe(
    make=bigan,
    networks={
        "generator": "generator",
        "encoder": "encoder",
        "discriminator": "discriminator",
    },
    players=("discriminator", "generator"),
    judges="pairs",
)
