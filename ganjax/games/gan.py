"""The generative adversarial network (Goodfellow et al. 2014, arXiv 1406.2661), for any
loss, penalty and dynamics."""

from ganjax.core import Game
from ganjax.games.recipe import Parts, Recipe


def gan(parts: Parts) -> Game:
    """Noise to data: the discriminator's turns, then the generator's."""
    adversary = parts.adversary

    def discriminator(owned, view):
        real = view.batch["data"]
        z = parts.draw(view.keys("latents", real.shape[0]))
        fake = view.apply("generator", z)
        loss, metrics, view = adversary.judge(
            view, "discriminator", "discriminator", real, fake
        )
        return loss, view.report(**metrics)

    def generator(owned, view):
        z = parts.draw(view.keys("latents", view.local(parts.batch_size)))
        fake, view = view.update("generator", z)
        real = None if view.batch is None else view.batch["data"]
        return adversary.fool(view, "discriminator", fake, real), view.report()

    return Game(
        networks={
            "generator": parts.network(
                "generator", (parts.latent_size,), output=parts.shape
            ),
            "discriminator": parts.network("discriminator", parts.shape),
        },
        players=(
            parts.player("discriminator", ("discriminator",), discriminator),
            parts.player(
                "generator",
                ("generator",),
                generator,
                reads_data=not adversary.loss.separable,
            ),
        ),
        ema=("generator",),
        sample=lambda apply, keys: apply("generator", parts.draw(keys)),
        **parts.options,
    )


GAN = Recipe(
    make=gan,
    networks={"generator": "generator", "discriminator": "discriminator"},
    players=("discriminator", "generator"),
)
