"""CTGAN: rows of a table, from a latent and a condition on one category (Xu et al.
2019, arXiv 1907.00503)."""

import jax
import jax.numpy as jnp

from ganjax.core import Game
from ganjax.games.duel import duel
from ganjax.games.recipe import Parts, Recipe, weight
from ganjax.model import Sampler
from ganjax.options import Option

GENERATOR = "generator"


def ctgan(parts: Parts) -> tuple[Game, Sampler]:
    """Build a generator of encoded rows from noise z and a condition m, and a
    discriminator of pairs of a row and its condition.

    The condition is the one-hot mask vector of one category of one column (section
    4.3). The source draws it by the logarithm of the category's frequency, and a real
    row that has this category. The generator minimises its adversarial loss, plus
    ``weights.condition`` times the cross-entropy between the condition and the
    generator's logits of that column.

    The generator's output becomes a row as in section 4.4: a place in a mode by tanh, a
    mode and a category by the Gumbel-softmax of temperature ``options.temperature``. In
    samples the largest number of a mode or a category counts, which draws it with the
    probabilities of its softmax.

    A latent is z, then the Gumbel noise of a row, then the condition. So a sample
    depends only on its latent. Conditions of samples have the frequencies of the
    training rows; another condition replaces the last numbers of a latent.
    """
    form, latents, adversary = table_of(parts), parts.latents, parts.adversary
    size, width, asked = latents.size, form.width, form.condition_width
    temperature = parts.options["temperature"]

    def noise(keys):
        return jax.vmap(lambda key: jax.random.gumbel(key, (width,)))(keys)

    def draw(keys, truncation=0.0):
        pairs = jax.vmap(lambda key: jax.random.split(key, 2))(keys)
        condition = jax.vmap(form.natural_condition)(pairs[:, 1])
        z = latents.draw(keys, truncation)
        return jnp.concatenate([z, noise(pairs[:, 0]), condition], axis=1)

    def made(view):
        """Return the rows of a turn, their logits, and the next view."""
        condition = view.batch["condition"]
        n = condition.shape[0]
        z = view.draw("latents", n, latents.draw)
        logits, after = view.update(GENERATOR, with_condition(z, condition))
        drawn = view.draw("gumbel", n, noise)
        return activated(form, logits, drawn, temperature), logits, after

    def with_condition(x, condition):
        return jnp.concatenate([x, condition], axis=1)

    def shown(view):
        condition = view.batch["condition"]
        fake, _, _ = made(view)
        real = with_condition(view.batch["data"], condition)
        return real, with_condition(fake, condition), {}

    def generator(owned, view):
        condition, real = view.batch["condition"], view.batch["data"]
        fake, logits, view = made(view)
        loss, metrics, view = adversary.generator_loss(
            view, GENERATOR, "discriminator",
            with_condition(fake, condition), with_condition(real, condition),
        )  # fmt: skip
        price = condition_price(form, logits, condition)
        loss = loss + view.knobs["weights.condition"] * price
        return loss, view.report(condition=price, **metrics)

    def decode(apply, z, label):
        z, drawn, condition = jnp.split(z, (size, size + width), axis=1)
        logits = apply(GENERATOR, with_condition(z, condition))
        return hard(form, logits, drawn)

    networks = {
        GENERATOR: parts.network(GENERATOR, (size + asked,), output=parts.shape)
    }
    game = duel(parts, networks, (width + asked,), shown, generator)
    return game, Sampler(draw=draw, decode=decode, conditioned=True)


def table_of(parts: Parts):
    """Return the ``TableFormat`` of the data; ``None`` if the data are no table."""
    return parts.form if getattr(parts.form, "kind", "") == "table" else None


def activated(form, logits: jax.Array, noise: jax.Array, temperature: float):
    """Return rows ``[n, width]`` of the generator's output: tanh of places, and the
    Gumbel-softmax of each span of one-hot numbers (section 4.4 of the paper).

    Args:
      form: the ``TableFormat`` of the data.
      logits, noise: ``[n, width]``; the noise has a standard Gumbel distribution.
    """
    parts = []
    for span in form.spans:
        own = slice(span.start, span.start + span.width)
        if span.kind == "place":
            parts.append(jnp.tanh(logits[:, own]))
        else:
            total = (logits[:, own] + noise[:, own]) / temperature
            parts.append(jax.nn.softmax(total, axis=1))
    return jnp.concatenate(parts, axis=1)


def hard(form, logits: jax.Array, noise: jax.Array) -> jax.Array:
    """Return rows ``[n, width]`` whose modes and categories are one-hot: the limit of
    ``activated`` for a temperature of 0."""
    parts = []
    for span in form.spans:
        own = slice(span.start, span.start + span.width)
        if span.kind == "place":
            parts.append(jnp.tanh(logits[:, own]))
        else:
            best = jnp.argmax(logits[:, own] + noise[:, own], axis=1)
            parts.append(jax.nn.one_hot(best, span.width))
    return jnp.concatenate(parts, axis=1)


def condition_price(form, logits: jax.Array, condition: jax.Array) -> jax.Array:
    """Return the mean cross-entropy of the conditions ``[n, condition_width]`` and the
    generator's logits ``[n, width]`` of their columns, in nats. It is 0 for a table
    without categories."""
    price, first = jnp.zeros(logits.shape[0]), 0
    for span in form.conditioned:
        log_p = jax.nn.log_softmax(logits[:, span.start : span.start + span.width])
        wanted = condition[:, first : first + span.width]
        price, first = price - jnp.sum(wanted * log_p, axis=1), first + span.width
    return jnp.mean(price)


CTGAN = Recipe(
    make=ctgan,
    networks={GENERATOR: "generator", "discriminator": "discriminator"},
    players=("discriminator", GENERATOR),
    weights={"condition": weight(1.0, "the cross-entropy of the condition")},
    options={"temperature": Option(0.2, "temperature of the Gumbel-softmax", above=0)},
    reads=("data", "condition"),
)
