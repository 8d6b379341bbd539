"""The adversarial autoencoder (Makhzani et al. 2016, arXiv 1511.05644). A discriminator
makes its codes follow the latent distribution. In the semi-supervised variant the code
also holds a class, learnt from few labels."""

import jax
import jax.numpy as jnp

from ganjax.core import Game
from ganjax.games.recipe import Parts, Recipe, weight
from ganjax.model import Sampler


def adversarial_autoencoder(parts: Parts) -> tuple[Game, Sampler]:
    """Build the adversarial autoencoder (Makhzani et al. 2016, section 2).

    It has three players, and two of them train the encoder. The player ``autoencoder``
    trains encoder and decoder: it minimises the squared error of reconstructions (the
    reconstruction phase). Its input is the example plus ``weights.corruption`` times
    normal noise. The player ``discriminator`` separates latents (real) from codes
    (fake). The player ``encoder`` trains the encoder to fool it (the regularization
    phase). The encoder is deterministic.
    """
    return _autoencoder(parts, classes=0)


def semi_supervised_autoencoder(parts: Parts) -> tuple[Game, Sampler]:
    """Build an adversarial autoencoder whose code is a latent and class probabilities
    (Makhzani et al. 2016, section 5, figure 8). A second discriminator makes the
    probabilities look like one-hot vectors of equally likely classes. A separate
    player, the classifier, trains the encoder to minimise the cross-entropy of the few
    known labels."""
    return _autoencoder(parts, classes=parts.classes)


def _autoencoder(parts, classes):
    adversary, size = parts.adversary, parts.latents.size

    def one_class(keys):
        chosen = jax.vmap(lambda key: jax.random.randint(key, (), 0, classes))(keys)
        return jax.nn.one_hot(chosen, classes)

    # Discriminator -> the part of a code that it sees, the prior of this part, and the
    # prefix of the names of its metrics.
    matched = {"discriminator": (slice(0, size), parts.latents.draw, "")}
    if classes:
        matched["class_discriminator"] = (slice(size, None), one_class, "class_")

    def code(output):
        style, logits = output[:, :size], output[:, size:]
        return jnp.concatenate([style, jax.nn.softmax(logits)], 1) if classes else style

    def autoencoder(owned, view):
        real = view.batch["data"]
        keys = view.keys("corruption", real.shape[0])
        noise = jax.vmap(lambda key: jax.random.normal(key, real.shape[1:]))(keys)
        seen = real + view.knobs["weights.corruption"] * noise
        output, view = view.update("encoder", seen)
        made, view = view.update("decoder", code(output))
        error = jnp.mean((made - real) ** 2)
        loss = view.knobs["weights.reconstruction"] * error
        return loss, view.report(reconstruction=error)

    def judging(critic):
        part, prior, _ = matched[critic]

        def objective(owned, view):
            real = view.batch["data"]
            drawn = view.draw("latents", real.shape[0], prior)
            shown = code(view.apply("encoder", real))[:, part]
            loss, metrics, view = adversary.critic_loss(
                view, critic, critic, drawn, shown
            )
            return loss, view.report(**metrics)

        return objective

    def encoder(owned, view):
        real = view.batch["data"]
        output, view = view.update("encoder", real)
        total, logged = jnp.zeros(()), {}
        for critic, (part, prior, prefix) in matched.items():
            drawn = view.draw("latents", real.shape[0], prior)
            seen = code(output)[:, part]
            loss, metrics, view = adversary.generator_loss(
                view, "encoder", critic, seen, drawn
            )
            total = total + loss
            logged |= {f"{prefix}{name}": value for name, value in metrics.items()}
        return total, view.report(**logged)

    def classifier(owned, view):
        output, view = view.update("encoder", view.batch["labelled"])
        log_p = jax.nn.log_softmax(output[:, size:])
        known = view.batch["known"]
        price = -jnp.mean(jnp.take_along_axis(log_p, known[:, None], axis=1))
        right = jnp.mean(jnp.argmax(log_p, axis=1) == known)
        loss = view.knobs["weights.supervised"] * price
        return loss, view.report(supervised=price, labelled_accuracy=right)

    def draw(keys, truncation=0.0):
        style = parts.latents.draw(keys, truncation)
        return jnp.concatenate([style, one_class(keys)], 1) if classes else style

    def encode(apply, x):
        return code(apply("encoder", x))

    players = [parts.player("autoencoder", ("encoder", "decoder"), autoencoder)]
    players += [parts.player(critic, (critic,), judging(critic)) for critic in matched]
    players += [parts.player("encoder", ("encoder",), encoder)]
    abilities = {
        "encode": lambda apply, x: encode(apply, x)[:, :size],
        "reconstruct": lambda apply, x: apply("decoder", encode(apply, x)),
    }
    if classes:
        players += [parts.player("classifier", ("encoder",), classifier)]
        abilities["classify"] = lambda apply, x: encode(apply, x)[:, size:]
    latent = (size + classes,)
    game = Game(
        networks={
            "encoder": parts.network("encoder", parts.shape, output=latent),
            "decoder": parts.network("decoder", latent, output=parts.shape),
            **{
                critic: parts.network(
                    critic, adversary.critic_inputs.shape((dimensions,))
                )
                for critic, dimensions in zip(matched, (size, classes), strict=False)
            },
        },
        players=tuple(players),
        ema=("encoder", "decoder"),
        memory=lambda key: adversary.memory(tuple(matched), "encoder"),
    )
    return game, Sampler(
        draw=draw,
        decode=lambda apply, z, label: apply("decoder", z),
        abilities=abilities,
    )


_NETWORKS = {
    "encoder": "encoder",
    "decoder": "generator",
    "discriminator": "discriminator",
}
_WEIGHTS = {
    "reconstruction": weight(1.0, "the squared error of reconstructions"),
    "corruption": weight(0.0, "the noise on the encoder's input"),
}
_PLAYERS = (
    "autoencoder", "discriminator", "class_discriminator", "encoder", "classifier",
)  # fmt: skip

ADVERSARIAL_AUTOENCODER = Recipe(
    make=adversarial_autoencoder,
    networks=_NETWORKS,
    players=("autoencoder", "discriminator", "encoder"),
    weights=_WEIGHTS,
    critic_sees="latents",
)

SEMI_SUPERVISED_AUTOENCODER = Recipe(
    make=semi_supervised_autoencoder,
    networks=_NETWORKS | {"class_discriminator": "discriminator"},
    players=_PLAYERS,
    critics=("discriminator", "class_discriminator"),
    weights=_WEIGHTS | {"supervised": weight(1.0, "the cross-entropy of known labels")},
    reads=("data", "labelled", "known"),
    critic_sees="latents",
)
