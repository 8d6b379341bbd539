"""The generative adversarial network (Goodfellow et al. 2014, arXiv 1406.2661), and the
conditional GAN, whose players also take the label (Mirza & Osindero 2014, arXiv
1411.1784). The config selects loss, terms, conditioning, augmentation and dynamics."""

import dataclasses
import functools

from ganjax.core import Game
from ganjax.games.duel import LABEL, duel
from ganjax.games.recipe import Parts, Recipe
from ganjax.model import Sampler
from ganjax.objectives import joined

GENERATOR, DISCRIMINATOR = "generator", "discriminator"


def gan(parts: Parts) -> tuple[Game, Sampler]:
    """Build a GAN from noise to data. In each step the discriminator is updated before
    the generator."""
    return _noise_to_data(parts, labelled=False)


def conditional_gan(parts: Parts) -> tuple[Game, Sampler]:
    """Build a GAN from noise and a label to data. Its generator takes the labels of
    real examples, so it reads data too."""
    return _noise_to_data(parts, labelled=True)


def _noise_to_data(parts: Parts, labelled: bool) -> tuple[Game, Sampler]:
    adversary, latents = parts.adversary, parts.latents
    joins = labelled and parts.label == "concatenation"

    def inputs(z, label):
        if joins:
            return (joined(z, label, parts.classes),)
        return (z,) if label is None else (z, label)

    def labels(view):
        return view.batch["label"] if labelled else None

    def drawn(view, n):
        """Return the latents of a turn and their fields of ``TermContext``."""
        label = labels(view)
        z = view.draw("latents", n, latents.draw)
        z = latents.optimise(view, z, lambda z: score(view, z, label))

        def generate(z):
            return view.apply(GENERATOR, *inputs(z, label))

        context = {
            "label": label,
            "latents": z,
            "generate": generate,
            "generator": GENERATOR,
            "generator_inputs": inputs,
        }
        return z, context

    def score(view, z, label):
        fake = view.apply(GENERATOR, *inputs(z, label))
        return adversary.logits(view, DISCRIMINATOR, fake, label)

    def shown(view):
        real = view.batch["data"]
        z, context = drawn(view, real.shape[0])
        fake, after = view.update(GENERATOR, *inputs(z, context["label"]))
        return real, fake, {**context, "view": after}

    def generator(owned, view):
        z, context = drawn(view, view.local(parts.batch_size))
        fake, view = view.update(GENERATOR, *inputs(z, context["label"]))
        real = None if view.batch is None else view.batch["data"]
        loss, metrics, view = adversary.generator_loss(
            view, GENERATOR, DISCRIMINATOR, fake, real, **context
        )
        return loss, view.report(**metrics)

    def decode(apply, z, label):
        return apply(GENERATOR, *inputs(z, label))

    latent = latents.size + (parts.classes if joins else 0)
    last = LABEL if labelled and not joins else None
    made = parts.network(GENERATOR, (latent,), output=parts.shape, last=last)
    how = {"reads_data": labelled or adversary.reads_data()}
    game = duel(parts, {GENERATOR: made}, parts.shape, shown, generator, **how)
    packing = adversary.critic_inputs.packing
    compared = getattr(game.networks[DISCRIMINATOR].module, "compared", lambda n: 1)
    sampler = Sampler(
        draw=latents.draw,
        decode=decode,
        classes=parts.classes if labelled else 0,
        critic=functools.partial(adversary.scores, DISCRIMINATOR),
        packing=packing,
        compared=compared(max(1, parts.batch_size // packing)),
    )
    return game, sampler


GAN = Recipe(
    make=gan,
    networks={GENERATOR: "generator", DISCRIMINATOR: "discriminator"},
    players=(DISCRIMINATOR, GENERATOR),
    from_latents=True,
)

CONDITIONAL_GAN = dataclasses.replace(
    GAN, make=conditional_gan, reads=("data", "label")
)
