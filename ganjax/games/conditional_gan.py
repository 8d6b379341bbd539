"""The conditional GAN (Mirza & Osindero 2014, arXiv 1411.1784, eq. 2): both players are
told the label by concatenation."""

import jax
import jax.numpy as jnp

from ganjax.core import Game
from ganjax.games.recipe import Parts, Recipe


def conditional_gan(parts: Parts) -> Game:
    """Noise and a label to data. A latent gets the label as a one-hot vector, an image
    as constant channels. The generator is asked for the labels of real examples."""
    adversary = parts.adversary
    classes = parts.classes

    def joined(x, label):
        one_hot = jax.nn.one_hot(label, classes)
        one_hot = one_hot.reshape(one_hot.shape[:1] + (1,) * (x.ndim - 2) + (classes,))
        return jnp.concatenate(
            [x, jnp.broadcast_to(one_hot, x.shape[:-1] + (classes,))], axis=-1
        )

    def latents(view):
        label = view.batch["label"]
        return joined(parts.draw(view.keys("latents", label.shape[0])), label)

    def told(view):
        return lambda x: (joined(x, view.batch["label"]),)

    def discriminator(owned, view):
        fake = view.apply("generator", latents(view))
        loss, metrics, view = adversary.judge(
            view,
            "discriminator",
            "discriminator",
            view.batch["data"],
            fake,
            condition=told(view),
        )
        return loss, view.report(**metrics)

    def generator(owned, view):
        fake, view = view.update("generator", latents(view))
        loss = adversary.fool(
            view, "discriminator", fake, view.batch["data"], condition=told(view)
        )
        return loss, view.report()

    def sample(apply, keys):
        # The classes in turn, so that a grid of them shows each as often.
        label = jnp.arange(keys.shape[0]) % classes
        return apply("generator", joined(parts.draw(keys), label))

    return Game(
        networks={
            "generator": parts.network(
                "generator", (parts.latent_size + classes,), output=parts.shape
            ),
            "discriminator": parts.network(
                "discriminator", (*parts.shape[:-1], parts.shape[-1] + classes)
            ),
        },
        players=(
            parts.player("discriminator", ("discriminator",), discriminator),
            parts.player("generator", ("generator",), generator),
        ),
        ema=("generator",),
        sample=sample,
        **parts.options,
    )


CONDITIONAL_GAN = Recipe(
    make=conditional_gan,
    networks={"generator": "generator", "discriminator": "discriminator"},
    players=("discriminator", "generator"),
    reads=("data", "label"),
)
