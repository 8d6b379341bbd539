"""InfoGAN (Chen et al. 2016, arXiv 1606.03657): a part of the latent is a code, and it
can be read from what the generator makes of it."""

import dataclasses

import jax
import jax.numpy as jnp

from ganjax.core import Game, Network
from ganjax.errors import BadInput
from ganjax.games.gan import GAN, gan
from ganjax.games.recipe import Parts, weight
from ganjax.model import Sampler
from ganjax.objectives import CRITIC, GENERATOR, Term, WeighedTerm
from ganjax.options import Option

# Of the logarithm of a standard deviation, so that no sample weighs beyond measure.
NARROWEST, WIDEST = -5.0, 2.0


def infogan(parts: Parts) -> tuple[Game, Sampler]:
    """The GAN where both players also pay for what cannot be read of the code (eq. 6):
    they raise a lower bound of the information in common between code and sample,
    L = H(c) + E log Q(c|x) (eq. 4).

    A latent is noise, then the code: a category of ``options.categories`` as one-hot
    numbers, then ``options.continuous`` numbers, each uniform in [-1, 1] (section 7.2).
    Q, the network ``posterior``, sees the discriminator's last features and learns with
    it (section 6). Of each number it gives the mean and the logarithm of the standard
    deviation of a normal distribution (appendix C.1).
    """
    kinds, numbers = parts.options["categories"], parts.options["continuous"]
    noise, plain = parts.latents.size, parts.latents.draw

    def draw(keys, truncation=0.0):
        codes = _codes(keys, kinds, numbers)
        return jnp.concatenate([plain(keys, truncation), codes], axis=1)

    def read(output):
        logits, mean, deviation = jnp.split(output, (kinds, kinds + numbers), axis=1)
        deviation = jnp.clip(deviation, NARROWEST, WIDEST)
        return jax.nn.log_softmax(logits), mean, deviation

    def category(context, view, own):
        """−E log Q(c|x) of the category, in nats."""
        kind = context.latents[:, noise : noise + kinds]
        log_q, _, _ = read(view.apply("posterior", context.fake_output.features))
        return -jnp.mean(jnp.sum(kind * log_q, axis=1)), None

    def continuous(context, view, own):
        """−E log Q(c|x) of all numbers together, in nats."""
        code = context.latents[:, noise + kinds :]
        _, mean, deviation = read(view.apply("posterior", context.fake_output.features))
        square = ((code - mean) / jnp.exp(deviation)) ** 2
        each = 0.5 * square + deviation + 0.5 * jnp.log(2 * jnp.pi)
        return jnp.mean(jnp.sum(each, axis=1)), None

    prices = ((category, kinds), (continuous, numbers))
    terms = (
        WeighedTerm(price.__name__, Term(price, player), f"weights.{price.__name__}")
        for price, there in prices
        for player in (CRITIC, GENERATOR)
        if there
    )
    terms = (*parts.adversary.terms, *terms)
    adversary = dataclasses.replace(parts.adversary, terms=terms)
    size = noise + kinds + numbers
    latents = dataclasses.replace(parts.latents, size=size, draw=draw)
    parts = dataclasses.replace(parts, adversary=adversary, latents=latents)
    base, sampler = gan(parts)

    def read_code(apply, x):
        """What Q reads: the probabilities of categories, then the means of numbers."""
        features = apply("discriminator", x, method="full_output").features
        log_q, mean, _ = read(apply("posterior", features))
        return jnp.concatenate([jnp.exp(log_q), mean], axis=1)

    discriminator, generator = base.players
    posterior = parts.network(
        "posterior",
        (features_of(base.networks["discriminator"]),),
        output=(kinds + 2 * numbers,),
    )
    normalization = getattr(posterior.module, "normalization", "none")
    if normalization != "none":
        raise BadInput(
            f"networks.posterior.normalization='{normalization}': expected 'none', as "
            f"a term keeps no statistics of a network"
        )
    game = dataclasses.replace(
        base,
        networks={**base.networks, "posterior": posterior},
        players=(
            dataclasses.replace(discriminator, owns=("discriminator", "posterior")),
            generator,
        ),
    )
    return game, dataclasses.replace(
        sampler, codes=(kinds, numbers), abilities={"read": read_code}
    )


def features_of(discriminator: Network) -> int:
    """Return how many features the last layer of a discriminator has."""

    def judged(*inputs):
        make, key = discriminator.module.init_with_output, jax.random.key(0)
        return make(key, *inputs, train=True, method="full_output")[0]

    return jax.eval_shape(judged, *discriminator.inputs).features.shape[-1]


def _codes(keys, kinds, numbers):
    """Codes ``[n, kinds + numbers]``, each of its own key."""

    def one(key):
        which, where = jax.random.split(jax.random.fold_in(key, 1))
        code = jax.random.uniform(where, (numbers,), minval=-1)
        if not kinds:
            return code
        kind = jax.random.randint(which, (), 0, kinds)
        return jnp.concatenate([jax.nn.one_hot(kind, kinds), code])

    return jax.vmap(one)(keys)


INFOGAN = dataclasses.replace(
    GAN,
    make=infogan,
    networks={**GAN.networks, "posterior": "encoder"},
    weights={
        "category": weight(1.0, "the information of the category"),
        "continuous": weight(0.1, "the information of the numbers"),
    },
    options={
        "categories": Option(10, "categories of a code", least=0, zero="no category"),
        "continuous": Option(2, "numbers of a code", least=0),
    },
    single_samples=True,
)
