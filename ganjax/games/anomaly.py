"""Anomaly detection with a GAN that has learnt only normal examples: AnoGAN, f-AnoGAN
and GANomaly."""

import dataclasses

import jax
import jax.numpy as jnp
import optax

from ganjax.core import Game
from ganjax.games.duel import duel
from ganjax.games.gan import GAN, gan
from ganjax.games.recipe import Parts, Recipe, weight
from ganjax.model import Sampler

# AnoGAN's descent: the number of steps and the share of features in the loss, both as
# in the paper, and the first learning rate of Adam, which decays to zero.
DESCENT, SHARE, RATE = 500, 0.1, 0.1


def anogan(parts: Parts) -> tuple[Game, Sampler]:
    """Build a GAN that scores anomalies by a search for their latents (AnoGAN; Schlegl
    et al. 2017, arXiv 1703.05921, sections 2.2 and 2.3).

    Gradient descent over z minimises 0.9·|x − G(z)|₁ + 0.1·|f(x) − f(G(z))|₁ (eqs. 3, 5
    and 6). Both norms are sums over entries, and f are the last hidden features of the
    discriminator. The final value is the anomaly score of x (eq. 7). Departure: the
    descent starts at 0, not at a random latent, so the score depends only on x.
    """
    optimizer = optax.adam(optax.cosine_decay_schedule(RATE, DESCENT))

    def left(apply, x, z):
        made = apply("generator", z)
        f_x, f_made = _features(apply, x, made)
        return (1 - SHARE) * _distance(x, made) + SHARE * _distance(f_x, f_made)

    def encode(apply, x):
        def move(_, at):
            z, moments = at
            slope = jax.grad(lambda z: jnp.sum(left(apply, x, z)))(z)
            update, moments = optimizer.update(slope, moments)
            return z + update, moments

        z = jnp.zeros((x.shape[0], parts.latents.size))
        return jax.lax.fori_loop(0, DESCENT, move, (z, optimizer.init(z)))[0]

    game, sampler = gan(parts)
    return game, dataclasses.replace(
        sampler,
        abilities={
            "encode": encode,
            "reconstruct": lambda apply, x: apply("generator", encode(apply, x)),
            "anomaly": lambda apply, x: left(apply, x, encode(apply, x)),
        },
    )


def f_anogan(parts: Parts) -> tuple[Game, Sampler]:
    """Build a GAN and an encoder that inverts the generator (f-AnoGAN; Schlegl et al.
    2019, Medical Image Analysis 54, "f-AnoGAN", sections 2.1 to 2.3).

    The encoder E is a separate player. It minimises |x − G(E(x))|² / n +
    ``weights.features``·|f(x) − f(G(E(x)))|² / n_f. Here f are the last hidden features
    of the discriminator, and n and n_f are the numbers of entries of x and f (the
    paper's izi_f, eqs. 2 and 3). The sum without weight is the anomaly score (the
    paper's κ is 1). Departure: the encoder learns together with the GAN, not after it.
    """

    def differences(see, x, made):
        """Return the mean squared errors per sample, in pixels and in features."""
        f_x, f_made = _features(see, x, made)
        return _mean_square(x - made), _mean_square(f_x - f_made)

    def encoder(owned, view):
        real = view.batch["data"]
        z, view = view.update("encoder", real)
        pixels, features = differences(view.apply, real, view.apply("generator", z))
        pixels, features = jnp.mean(pixels), jnp.mean(features)
        loss = pixels + view.knobs["weights.features"] * features
        return loss, view.report(pixels=pixels, features=features)

    def reconstruct(apply, x):
        return apply("generator", apply("encoder", x))

    def anomaly(apply, x):
        pixels, features = differences(apply, x, reconstruct(apply, x))
        return pixels + features

    base, sampler = gan(parts)
    inverse = parts.network("encoder", parts.shape, output=(parts.latents.size,))
    game = dataclasses.replace(
        base,
        networks={**base.networks, "encoder": inverse},
        players=(*base.players, parts.player("encoder", ("encoder",), encoder)),
        ema=(*base.ema, "encoder"),
    )
    return game, dataclasses.replace(
        sampler,
        abilities={
            "encode": lambda apply, x: apply("encoder", x),
            "reconstruct": reconstruct,
            "anomaly": anomaly,
        },
    )


def ganomaly(parts: Parts) -> tuple[Game, Sampler]:
    """Build an autoencoder G, a second encoder E, and a discriminator of examples and
    reconstructions (GANomaly; Akcay et al. 2018, arXiv 1805.06725).

    G has an encoder G_E and a decoder G_D, and f are the last hidden features of the
    discriminator. With z = G_E(x), x̂ = G_D(z) and ẑ = E(x̂), the loss of G and E is
    ``weights.features``·|f(x) − f(x̂)|² (eq. 1) + ``weights.content``·|x − x̂|₁ (eq. 2)
    + ``weights.code``·|z − ẑ|² (eq. 3). The anomaly score is |z − ẑ|₁ (eq. 5). These
    norms are means over entries, not sums.
    """
    latent = (parts.latents.size,)

    def shown(view):
        real = view.batch["data"]
        return real, view.apply("decoder", view.apply("encoder", real)), {}

    def autoencoder(owned, view):
        real = view.batch["data"]
        z, view = view.update("encoder", real)
        made, view = view.update("decoder", z)
        again, view = view.update("second_encoder", made)
        f_real, f_made = _features(view.apply, real, made)
        lost = {
            "features": jnp.mean((f_real - f_made) ** 2),
            "content": jnp.mean(jnp.abs(real - made)),
            "code": jnp.mean((z - again) ** 2),
        }
        loss = sum(view.knobs[f"weights.{name}"] * x for name, x in lost.items())
        return loss, view.report(**lost)

    def reconstruct(apply, x):
        return apply("decoder", apply("encoder", x))

    def anomaly(apply, x):
        z = apply("encoder", x)
        again = apply("second_encoder", apply("decoder", z))
        return jnp.mean(jnp.abs(z - again), axis=1)

    def encoder(name):
        return parts.network(name, parts.shape, output=latent)

    networks = {
        "encoder": encoder("encoder"),
        "decoder": parts.network("decoder", latent, output=parts.shape),
        "second_encoder": encoder("second_encoder"),
    }
    game = duel(parts, networks, parts.shape, shown, autoencoder, name="autoencoder")
    sampler = Sampler(
        generate=lambda apply, keys: reconstruct(apply, parts.examples(keys)["data"]),
        abilities={
            "encode": lambda apply, x: apply("encoder", x),
            "reconstruct": reconstruct,
            "anomaly": anomaly,
        },
    )
    return game, sampler


def _features(see, *seen):
    """Return the discriminator's last features of each input."""
    return [see("discriminator", x, method="full_output").features for x in seen]


def _mean_square(x):
    return jnp.mean(x**2, axis=tuple(range(1, x.ndim)))


def _distance(x, y):
    return jnp.sum(jnp.abs(x - y), axis=tuple(range(1, x.ndim)))


ANOGAN = dataclasses.replace(GAN, make=anogan, single_samples=True)

F_ANOGAN = dataclasses.replace(
    ANOGAN,
    make=f_anogan,
    networks={**GAN.networks, "encoder": "encoder"},
    players=(*GAN.players, "encoder"),
    weights={"features": weight(1.0, "the squared difference of features")},
)

GANOMALY = Recipe(
    make=ganomaly,
    networks={
        "encoder": "encoder",
        "decoder": "generator",
        "second_encoder": "encoder",
        "discriminator": "discriminator",
    },
    players=("discriminator", "autoencoder"),
    weights={
        "features": weight(1.0, "the squared difference of features"),
        "content": weight(50.0, "the L1 error of reconstructions"),
        "code": weight(1.0, "the squared difference of codes"),
    },
    single_samples=True,
)
