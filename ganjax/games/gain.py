"""GAIN: missing values of a table, filled in by a generator (Yoon et al. 2018, arXiv
1806.02920)."""

import jax
import jax.numpy as jnp

from ganjax.core import Game
from ganjax.errors import BadInput
from ganjax.games.ctgan import table_of
from ganjax.games.recipe import Parts, Recipe, weight
from ganjax.model import Sampler
from ganjax.options import Option

GENERATOR, DISCRIMINATOR = "generator", "discriminator"


def gain(parts: Parts) -> tuple[Game, Sampler]:
    """Build a generator that fills in rows, and a discriminator that says for each
    value of a filled row whether it was known.

    Let x be a row with numbers in [0, 1], m its mask (1 where a value is known), and z
    uniform noise in [0, 0.01]. The generator's output is x̄ = G(x·m + z·(1 − m), m), and
    the filled row is x̂ = x·m + x̄·(1 − m) (eqs. 2 and 3). The hint h shows the
    discriminator a part of the mask: h = b·m + ½(1 − b), where b is 1 for every value
    but one (section 4.3; ``options.hint='one'``), or 1 with the probability
    ``options.hint_rate`` for each value (``'rate'``). The authors' code (0a93f54) has h
    = b·m with that probability, so a value without a hint and a missing one look alike
    (``'masked'``).

    The discriminator minimises the cross-entropy of m and D(x̂, h). The generator
    minimises −(1 − m) log D(x̂, h), plus ``weights.reconstruction`` times the mean
    squared error of x̄ at the known values (algorithm 1). The first two are means over
    the values without a hint if ``options.hint='one'``, as in the paper, and over all
    values otherwise, as in the authors' code.
    """
    if getattr(table_of(parts), "encoding", "") != "range":
        raise BadInput("game='gain': expected a table with data.encoding='range'")
    (size,) = parts.shape
    hint, rate = parts.options["hint"], parts.options["hint_rate"]

    def filled(view):
        """Return rows, masks, outputs, filled rows with hints, weights of the values,
        and the next view."""
        x, mask = view.batch["data"], view.batch["known"]
        n = x.shape[0]
        noise = view.draw("noise", n, _uniform(size))
        output, view = view.update(GENERATOR, asked(x, mask, noise))
        output = jax.nn.sigmoid(output)
        given = view.draw("hint", n, _hints(hint, rate, size))
        hidden = 0.0 if hint == "masked" else 0.5
        shown = given * mask + hidden * (1 - given)
        judged = jnp.concatenate([completed(x, mask, output), shown], axis=1)
        counted = 1 - given if hint == "one" else jnp.ones_like(mask)
        return x, mask, output, judged, counted, view

    def discriminator(owned, view):
        _, mask, _, judged, counted, view = filled(view)
        logits, view = view.update(DISCRIMINATOR, judged)
        right = jnp.mean((logits > 0) == (mask > 0))
        return discriminator_price(logits, mask, counted), view.report(accuracy=right)

    def generator(owned, view):
        x, mask, output, judged, counted, view = filled(view)
        fooling = generator_price(view.apply(DISCRIMINATOR, judged), mask, counted)
        known = view.mean(jnp.mean(mask))
        error = jnp.mean((mask * (x - output)) ** 2) / jnp.maximum(known, 1e-8)
        loss = fooling + view.knobs["weights.reconstruction"] * error
        return loss, view.report(fooling=fooling, reconstruction=error)

    def impute(apply, asked_rows):
        """Fill in rows ``[n, 3 columns]``: the row, its mask, and noise in [0, 1]."""
        x, mask, noise = jnp.split(asked_rows, 3, axis=1)
        output = apply(GENERATOR, asked(x, mask, 0.01 * noise))
        return completed(x, mask, jax.nn.sigmoid(output))

    def generate(apply, keys):
        batch = parts.examples(keys)
        x, mask = batch["data"], batch["known"]
        noise = jax.vmap(lambda key: jax.random.uniform(key, (size,)))(keys)
        return impute(apply, jnp.concatenate([x, mask, noise], axis=1))

    networks = {
        name: parts.network(name, (2 * size,), output=(size,))
        for name in (GENERATOR, DISCRIMINATOR)
    }
    game = Game(
        networks=networks,
        players=(
            parts.player(DISCRIMINATOR, (DISCRIMINATOR,), discriminator),
            parts.player(GENERATOR, (GENERATOR,), generator),
        ),
        ema=(GENERATOR,),
    )
    return game, Sampler(generate=generate, abilities={"impute": impute})


def own_losses(c):
    """Refuse fields of the adversarial losses: the game has its own. A rule of a config
    (``Recipe.rule``)."""
    sections = ("loss.", "augmentation.", "regularizers.", "terms.")
    for field, option in c.fields.items():
        name = field.rpartition(".")[2]
        off = option.off if option.knob else option.default
        if field.startswith(sections) and name != "name" or field == "loss.name":
            if c[field] != option.default and c[field] != off:
                yield field, f"{option.default!r} with {c.said('game')}"


def asked(x: jax.Array, mask: jax.Array, noise: jax.Array) -> jax.Array:
    """Return the generator's input ``[n, 2 columns]``: known values, noise elsewhere,
    and the mask."""
    return jnp.concatenate([x * mask + noise * (1 - mask), mask], axis=1)


def completed(x: jax.Array, mask: jax.Array, output: jax.Array) -> jax.Array:
    """Return the filled rows ``[n, columns]``: known values, and the output
    elsewhere."""
    return x * mask + output * (1 - mask)


def discriminator_price(logits, mask, counted) -> jax.Array:
    """Return the mean of −m log D − (1 − m) log(1 − D), with D = σ(logit), over the
    values that are ``counted``; all ``[n, columns]``."""
    price = jax.nn.softplus(logits) - mask * logits
    return jnp.sum(counted * price) / jnp.sum(counted)


def generator_price(logits, mask, counted) -> jax.Array:
    """Return the mean of −(1 − m) log D, with D = σ(logit), over the values that are
    ``counted``; all ``[n, columns]``."""
    price = (1 - mask) * jax.nn.softplus(-logits)
    return jnp.sum(counted * price) / jnp.sum(counted)


def _uniform(size):
    def draw(keys):
        return jax.vmap(lambda k: jax.random.uniform(k, (size,), maxval=0.01))(keys)

    return draw


def _hints(hint, rate, size):
    """Return the function that draws b ``[n, columns]``."""

    def one(key):
        if hint == "one":
            return 1 - jax.nn.one_hot(jax.random.randint(key, (), 0, size), size)
        return jax.random.bernoulli(key, rate, (size,)).astype(jnp.float32)

    return jax.vmap(one)


GAIN = Recipe(
    make=gain,
    networks={GENERATOR: "generator", DISCRIMINATOR: "encoder"},
    players=(DISCRIMINATOR, GENERATOR),
    weights={"reconstruction": weight(100.0, "the squared error of known values")},
    options={
        "hint": Option(
            "rate", "how hints are drawn", choices=("rate", "one", "masked")
        ),
        "hint_rate": Option(
            0.9, "probability that a hint shows a value of the mask", above=0, most=1
        ),
    },
    reads=("data", "known"),
    latents=False,
    single_samples=True,
    rule=own_losses,
)
