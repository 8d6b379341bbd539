"""The adversarial autoencoder (Makhzani et al. 2016, arXiv 1511.05644, section 2): an
autoencoder whose codes a discriminator makes follow the latent distribution."""

import jax.numpy as jnp

from ganjax.core import Decoder, Game
from ganjax.games.recipe import Parts, Recipe


def adversarial_autoencoder(parts: Parts) -> Game:
    """Three players, two of which own the encoder.

    The autoencoder descends the squared error of its reconstruction (the reconstruction
    phase); the discriminator tells latents (real) from codes (fake), and the encoder
    fools it (the regularization phase). The encoder is deterministic.
    """
    adversary = parts.adversary

    def autoencoder(owned, view):
        real = view.batch["data"]
        code, view = view.update("encoder", real)
        output, view = view.update("decoder", code)
        error = jnp.mean((output - real) ** 2)
        loss = view.knobs["weights.reconstruction"] * error
        return loss, view.report(reconstruction=error)

    def discriminator(owned, view):
        real = view.batch["data"]
        prior = parts.draw(view.keys("latents", real.shape[0]))
        code = view.apply("encoder", real)
        loss, metrics, view = adversary.judge(
            view, "discriminator", "discriminator", prior, code
        )
        return loss, view.report(**metrics)

    def encoder(owned, view):
        real = view.batch["data"]
        code, view = view.update("encoder", real)
        prior = parts.draw(view.keys("latents", real.shape[0]))
        loss, metrics, view = adversary.fool(
            view, "encoder", "discriminator", code, prior
        )
        return loss, view.report(**metrics)

    latent = (parts.latent_size,)
    return Game(
        networks={
            "encoder": parts.network("encoder", parts.shape, output=latent),
            "decoder": parts.network("decoder", latent, output=parts.shape),
            "discriminator": parts.network(
                "discriminator", adversary.sight.shape(latent)
            ),
        },
        players=(
            parts.player("autoencoder", ("encoder", "decoder"), autoencoder),
            parts.player("discriminator", ("discriminator",), discriminator),
            parts.player("encoder", ("encoder",), encoder),
        ),
        ema=("encoder", "decoder"),
        memory=lambda key: parts.memory(("discriminator",), "encoder"),
        sample=Decoder(parts.draw_samples, lambda apply, z, label: apply("decoder", z)),
        **parts.options,
    )


ADVERSARIAL_AUTOENCODER = Recipe(
    make=adversarial_autoencoder,
    networks={
        "encoder": "generator",
        "decoder": "generator",
        "discriminator": "discriminator",
    },
    players=("autoencoder", "discriminator", "encoder"),
    weights={"reconstruction": 1.0},
    judges="latents",
)
