"""Text to image with a discriminator that knows whether text and image match (GAN-CLS;
Reed et al. 2016, arXiv 1605.05396). The text encoders are trained from scratch, with
the players; the paper's encoder was trained before."""

import dataclasses

import jax
import jax.numpy as jnp

from ganjax.core import Game, Network
from ganjax.games.duel import duel
from ganjax.games.recipe import Parts, Recipe
from ganjax.model import Sampler
from ganjax.options import Option

GENERATOR, DISCRIMINATOR = "generator", "discriminator"
# Each player has its own encoder: an encoder of both would help the opponent.
READS = {GENERATOR: "generator_text", DISCRIMINATOR: "discriminator_text"}


def text_to_image(parts: Parts) -> tuple[Game, Sampler]:
    """Build a generator of images from noise z and a caption t, a discriminator of
    pairs of an image and a caption, and a text encoder φ of each.

    The discriminator judges three kinds of pairs: s_r = D(x, φ(t)) of a real image x
    with its caption, s_w = D(x, φ(t̂)) with the caption of another image, and s_f =
    D(G(z, φ(t)), φ(t)). It minimises −log s_r − ½(log(1 − s_w) + log(1 − s_f))
    (algorithm 1 of the paper, lines 7 to 10), and the generator −log s_f (line 12).
    ``loss`` replaces these logarithms. With ``options.wrong="none"`` there is no s_w,
    and the weight of s_f is 1 (eq. 1). The paper takes the caption t̂ at random;
    ``mismatched`` chooses it here. The paper's interpolated captions (eq. 5) are not
    implemented.
    """
    language, latents = parts.captions, parts.latents
    critic_inputs = dataclasses.replace(parts.adversary.critic_inputs, labelled=True)
    adversary = dataclasses.replace(parts.adversary, critic_inputs=critic_inputs)
    parts = dataclasses.replace(parts, adversary=adversary)

    def made(view):
        """Return generated images, the next view, and fields of ``TermContext``."""
        text, after = view.update(READS[GENERATOR], view.batch["caption"])
        z = view.draw("latents", text.sentence.shape[0], latents.draw)
        fake, after = after.update(GENERATOR, z, text)
        context = {
            "latents": z,
            "generate": lambda z: view.apply(GENERATOR, z, text),
            "generator": GENERATOR,
            "generator_inputs": lambda z, label: (z, text),
        }
        return fake, after, context

    def judged(view):
        tokens, wrong = view.batch["caption"], None
        right, view = view.update(READS[DISCRIMINATOR], tokens)
        if parts.options["wrong"] != "none":
            nearest = parts.options["wrong"] == "nearest"
            others = view.share(mismatched(view.gather(tokens), nearest))
            wrong = view.apply(READS[DISCRIMINATOR], others)
        fake, after, context = made(view)
        context |= {"label": right, "wrong": wrong, "view": after}
        return view.batch["data"], fake, context

    def generator(owned, view):
        fake, view, context = made(view)
        right = view.apply(READS[DISCRIMINATOR], view.batch["caption"])
        loss, metrics, view = adversary.generator_loss(
            view, GENERATOR, DISCRIMINATOR, fake, view.batch["data"], label=right,
            **context,
        )  # fmt: skip
        return loss, view.report(**metrics)

    def decode(apply, z, tokens):
        return apply(GENERATOR, z, apply(READS[GENERATOR], tokens))

    tokens = jax.ShapeDtypeStruct((2, language.longest), jnp.int32)
    encoders = {name: parts.network(name, last=tokens) for name in READS.values()}
    given = {player: _text(encoders[name]) for player, name in READS.items()}
    own = {
        GENERATOR: parts.network(
            GENERATOR, (latents.size,), output=parts.shape, last=given[GENERATOR]
        ),
        READS[GENERATOR]: encoders[READS[GENERATOR]],
    }
    reads = {READS[DISCRIMINATOR]: encoders[READS[DISCRIMINATOR]]}
    how = {"encoders": reads, "last": given[DISCRIMINATOR]}
    game = duel(parts, own, parts.shape, judged, generator, **how)
    captions = tuple(tuple(language.tokens(x).tolist()) for x in language.shown)
    return game, Sampler(draw=latents.draw, decode=decode, chosen=captions)


def mismatched(tokens: jax.Array, nearest: bool = False) -> jax.Array:
    """Return the caption of another sample for each of a batch, ``[n, L]``.

    It is the next caption of the batch, in turn, that differs; with ``nearest``, the
    first of those that differ at the fewest places. If all captions are equal, they
    stay.
    """
    n = tokens.shape[0]
    differs = jnp.expand_dims(tokens, 1) != jnp.expand_dims(tokens, 0)
    places = jnp.sum(differs, axis=-1)
    turn = (jnp.arange(n)[:, None] + jnp.arange(n)[None]) % n
    places = jnp.take_along_axis(places, turn, axis=1)
    far = jnp.where(places == 0, tokens.shape[1] + 1, places if nearest else 1)
    return tokens[(jnp.arange(n) + jnp.argmin(far, axis=1)) % n]


def _text(encoder: Network):
    """Return the shapes of an encoder's output, for the inputs that it declares."""
    variables = jax.eval_shape(encoder.initial, jax.random.key(0))
    return jax.eval_shape(encoder, variables, *encoder.inputs)


TEXT_TO_IMAGE = Recipe(
    make=text_to_image,
    networks={
        GENERATOR: "generator_from_text",
        DISCRIMINATOR: "discriminator_with_text",
        READS[GENERATOR]: "text_encoder",
        READS[DISCRIMINATOR]: "text_encoder",
    },
    players=(DISCRIMINATOR, GENERATOR),
    options={
        "wrong": Option(
            "next",
            "wrong captions of real images, as half of the fakes",
            choices=("none", "next", "nearest"),
        )
    },
    reads=("data", "caption"),
    single_samples=True,
)
