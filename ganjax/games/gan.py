"""The generative adversarial network (Goodfellow et al. 2014, arXiv 1406.2661), and the
conditional one, whose players are told the label (Mirza & Osindero 2014, arXiv
1411.1784): noise to data, for any loss, term, conditioning, augmentation and
dynamics."""

import functools

from ganjax.core import Decoder, Game
from ganjax.games.recipe import Parts, Recipe
from ganjax.objectives import joined

GENERATOR, DISCRIMINATOR = "generator", "discriminator"


def gan(parts: Parts) -> Game:
    """Noise to data: the discriminator's turns, then the generator's."""
    return _noise_to_data(parts, labelled=False)


def conditional_gan(parts: Parts) -> Game:
    """Noise and a label to data. The generator is asked for the labels of real
    examples, so it reads data too."""
    return _noise_to_data(parts, labelled=True)


def _noise_to_data(parts: Parts, labelled: bool) -> Game:
    adversary = parts.adversary
    told = parts.told[GENERATOR] if labelled else "none"
    joins = told == "concatenation"

    def inputs(z, label):
        if joins:
            return (joined(z, label, parts.classes),)
        return (z,) if label is None else (z, label)

    def labels(view):
        return view.batch["label"] if labelled else None

    def drawn(view, n):
        """Latents of a turn, with what a term may do with them."""
        label = labels(view)
        z = parts.draw(view.keys("latents", n))
        z = parts.sharpen(view, z, lambda z: score(view, z, label))

        def generate(z):
            return view.apply(GENERATOR, *inputs(z, label))

        scene = {
            "label": label,
            "latents": z,
            "generate": generate,
            "generator": GENERATOR,
            "given": lambda z: inputs(z, label),
        }
        return z, scene

    def score(view, z, label):
        fake = view.apply(GENERATOR, *inputs(z, label))
        return adversary.logits(view, DISCRIMINATOR, fake, label)

    def discriminator(owned, view):
        real = view.batch["data"]
        z, scene = drawn(view, real.shape[0])
        fake = scene["generate"](z)
        loss, metrics, view = adversary.judge(
            view, DISCRIMINATOR, DISCRIMINATOR, real, fake, **scene
        )
        return loss, view.report(**metrics)

    def generator(owned, view):
        z, scene = drawn(view, view.local(parts.batch_size))
        fake, view = view.update(GENERATOR, *inputs(z, scene["label"]))
        real = None if view.batch is None else view.batch["data"]
        loss, metrics, view = adversary.fool(
            view, GENERATOR, DISCRIMINATOR, fake, real, **scene
        )
        return loss, view.report(**metrics)

    def decode(apply, z, label):
        return apply(GENERATOR, *inputs(z, label))

    latent = parts.latent_size + (parts.classes if joins else 0)
    return Game(
        networks={
            GENERATOR: parts.network(
                GENERATOR, (latent,), output=parts.shape, told=labelled and not joins
            ),
            DISCRIMINATOR: parts.network(
                DISCRIMINATOR,
                adversary.sight.shape(parts.shape),
                told=adversary.sight.told,
            ),
        },
        players=(
            parts.player(DISCRIMINATOR, (DISCRIMINATOR,), discriminator),
            parts.player(
                GENERATOR,
                (GENERATOR,),
                generator,
                reads_data=labelled or adversary.reads_data(),
            ),
        ),
        ema=(GENERATOR,),
        sample=Decoder(
            parts.draw_samples, decode, classes=parts.classes if labelled else 0
        ),
        critic=functools.partial(adversary.scores, DISCRIMINATOR),
        memory=lambda key: parts.memory((DISCRIMINATOR,), GENERATOR),
        **parts.common,
    )


_NETWORKS = {GENERATOR: "generator", DISCRIMINATOR: "discriminator"}

GAN = Recipe(
    make=gan,
    networks=_NETWORKS,
    players=(DISCRIMINATOR, GENERATOR),
    from_latents=True,
)

CONDITIONAL_GAN = Recipe(
    make=conditional_gan,
    networks=_NETWORKS,
    players=(DISCRIMINATOR, GENERATOR),
    reads=("data", "label"),
    from_latents=True,
)
