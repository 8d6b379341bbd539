"""InfoGAN (Chen et al. 2016, arXiv 1606.03657): a part of the latent is a code that can
be read from the generated sample."""

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

# Limits of the log standard deviation, so that no sample gets an extreme weight.
NARROWEST, WIDEST = -5.0, 2.0


def infogan(parts: Parts) -> tuple[Game, Sampler]:
    """Build a GAN whose players also maximise L = H(c) + E log Q(c|x), a lower bound of
    the mutual information of code c and sample x (Chen et al. 2016, eqs. 4 and 6).

    A latent is noise, then the code: a category of ``options.categories`` as one-hot
    numbers, then ``options.continuous`` numbers, each uniform in [-1, 1]. Q is the
    network ``posterior``. It sees the discriminator's last features and learns with the
    discriminator. For each number, Q gives the mean and the log standard deviation of a
    normal distribution (sections 6, 7.2 and C.1 of the paper).
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
        """Return −E log Q(c|x) of the category, in nats."""
        kind = context.latents[:, noise : noise + kinds]
        log_q, _, _ = read(view.apply("posterior", context.fake_output.features))
        return -jnp.mean(jnp.sum(kind * log_q, axis=1)), None

    def continuous(context, view, own):
        """Return −E log Q(c|x) of all numbers together, in nats."""
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
        """Return Q's probabilities of the categories, then its means of the numbers."""
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
            f"networks.posterior.normalization='{normalization}': expected 'none', "
            f"because a term cannot update the statistics of a network"
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
    """Return how many features a discriminator's last layer takes as input."""

    def judged(*inputs):
        make, key = discriminator.module.init_with_output, jax.random.key(0)
        return make(key, *inputs, train=True, method="full_output")[0]

    return jax.eval_shape(judged, *discriminator.inputs).features.shape[-1]


def _codes(keys, kinds, numbers):
    """Draw codes ``[n, kinds + numbers]``, one for each key."""

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
        "category": weight(1.0, "the category in the bound of information"),
        "continuous": weight(0.1, "the numbers in the bound of information"),
    },
    options={
        "categories": Option(10, "categories of the code", least=0, zero="no category"),
        "continuous": Option(2, "continuous numbers of the code", least=0),
    },
    single_samples=True,
)
