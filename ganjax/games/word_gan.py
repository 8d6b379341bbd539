"""A GAN of sentences with the Gumbel-softmax (Kusner & Hernández-Lobato 2016, arXiv
1611.04051). Maximum likelihood comes first, as in SeqGAN (Yu et al. 2017, arXiv
1609.05473). Both phases are a schedule of players."""

import dataclasses

import jax
import jax.numpy as jnp

from ganjax.core import Game
from ganjax.errors import BadInput
from ganjax.games.recipe import Parts, Recipe
from ganjax.model import Sampler
from ganjax.options import Option

GENERATOR, DISCRIMINATOR, LIKELIHOOD = "generator", "discriminator", "likelihood"
RELAXATION = "options.relaxation"


def word_gan(parts: Parts) -> tuple[Game, Sampler]:
    """Build a language model as generator, and a discriminator of one-hot sentences.

    In the first ``options.likelihood_steps`` steps the player ``likelihood`` minimises
    the mean of −log p(word | words before it). Then discriminator and generator play.
    The generator's words are draws with the gradient of the Gumbel-softmax. Its
    temperature ``options.relaxation`` is a knob, so a schedule can lower it.
    """
    adversary, latents, options = parts.adversary, parts.latents, parts.options
    if getattr(parts.form, "kind", "") != "sentences":
        raise BadInput(
            "game='word_gan': expected sentences, as data.name='oracle_words'"
        )
    words = len(parts.form.names)

    def one_hot(tokens):
        return jax.nn.one_hot(tokens, words)

    def made(view):
        """Return generated sentences, and the view."""
        z = view.draw("latents", view.local(parts.batch_size), latents.draw)
        return view.update(GENERATOR, z, view.knobs[RELAXATION])

    def likelihood(owned, view):
        tokens = view.batch["data"]
        logits, view = view.update(GENERATOR, tokens, method="logits")
        right = jnp.sum(one_hot(tokens) * jax.nn.log_softmax(logits), -1)
        return -jnp.mean(right), view.report()

    def discriminator(owned, view):
        real, (fake, _) = one_hot(view.batch["data"]), made(view)
        loss, metrics, view = adversary.critic_loss(
            view, DISCRIMINATOR, DISCRIMINATOR, real, fake
        )
        return loss, view.report(**metrics)

    def generator(owned, view):
        fake, view = made(view)
        real = None if view.batch is None else one_hot(view.batch["data"])
        loss, metrics, view = adversary.generator_loss(
            view, GENERATOR, DISCRIMINATOR, fake, real
        )
        return loss, view.report(**metrics)

    begin = options["likelihood_steps"]
    reads = {"reads_data": adversary.reads_data()}
    players = (
        (LIKELIHOOD, GENERATOR, likelihood, (0, begin), {}),
        (DISCRIMINATOR, DISCRIMINATOR, discriminator, (begin, None), {}),
        (GENERATOR, GENERATOR, generator, (begin, None), reads),
    )
    scalar = jax.ShapeDtypeStruct((), jnp.float32)
    seen = adversary.critic_inputs.shape((*parts.shape, words))
    game = Game(
        networks={
            GENERATOR: parts.network(
                GENERATOR, (latents.size,), output=parts.shape, last=scalar
            ),
            DISCRIMINATOR: parts.network(DISCRIMINATOR, seen),
        },
        players=tuple(
            dataclasses.replace(parts.player(name, (owned,), of, **how), plays=steps)
            for name, owned, of, steps, how in players
        ),
        ema=(GENERATOR,),
        memory=lambda key: adversary.memory((DISCRIMINATOR,), GENERATOR),
    )

    def decode(apply, z, label):
        return jnp.argmax(apply(GENERATOR, z), -1).astype(jnp.int32)

    def critic(apply, x, label):
        return adversary.scores(DISCRIMINATOR, apply, one_hot(x))

    return game, Sampler(draw=latents.draw, decode=decode, critic=critic)


WORD_GAN = Recipe(
    make=word_gan,
    networks={GENERATOR: "word_generator", DISCRIMINATOR: "word_discriminator"},
    players=(LIKELIHOOD, DISCRIMINATOR, GENERATOR),
    options={
        "likelihood_steps": Option(2000, "steps of maximum likelihood", least=0),
        "relaxation": Option(
            1.0, "temperature of the gradient of a draw", above=0, knob=True
        ),
    },
    single_samples=True,
)
