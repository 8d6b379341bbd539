"""Semi-supervised learning with a GAN (Salimans et al. 2016, arXiv 1606.03498, section
5): a classifier of K classes is also the discriminator."""

import dataclasses

import jax
import jax.numpy as jnp

from ganjax.core import Game
from ganjax.games.gan import GAN, gan
from ganjax.games.recipe import Parts, weight
from ganjax.model import Sampler


def semi_supervised(parts: Parts) -> tuple[Game, Sampler]:
    """Build a GAN whose discriminator has a logit l_k for each class. The logit of a
    fake is 0, so the logit of real is log Σ exp l_k (Salimans et al. 2016, section 5).

    The discriminator minimises ``weights.adversarial`` times its adversarial loss, over
    unlabelled and generated examples, plus ``weights.supervised`` times the
    cross-entropy of the few known labels. Labelled examples have no augmentation or
    noise.

    The generator minimises ``weights.fooling`` times its adversarial loss, plus the
    terms of the config. In the paper it minimises only ``terms.feature_matching``.
    """
    adversary = dataclasses.replace(parts.adversary, generator_weight="weights.fooling")
    base, sampler = gan(dataclasses.replace(parts, adversary=adversary))
    critic, generator = base.players

    def discriminator(owned, view):
        unsupervised, report = critic.objective(owned, view)
        if view.apart is not None:  # an update by penalties alone
            return view.knobs["weights.adversarial"] * unsupervised, report
        log_p = jax.nn.log_softmax(classes(view.apply, view.batch["labelled"]))
        known = view.batch["known"]
        price = -jnp.mean(jnp.take_along_axis(log_p, known[:, None], axis=1))
        right = jnp.mean(jnp.argmax(log_p, axis=1) == known)
        loss = view.knobs["weights.adversarial"] * unsupervised
        loss = loss + view.knobs["weights.supervised"] * price
        own = {"supervised": price, "labelled_accuracy": right}
        return loss, report.replace(metrics=report.metrics | own)

    def classes(apply, x):
        seen = adversary.critic_inputs.plain(x, None)
        return apply("discriminator", *seen, method="full_output").outputs["classes"]

    game = dataclasses.replace(
        base,
        players=(dataclasses.replace(critic, objective=discriminator), generator),
        ema=("generator", "discriminator"),
    )
    return game, dataclasses.replace(
        sampler,
        abilities={"classify": lambda apply, x: jax.nn.softmax(classes(apply, x))},
    )


SEMI_SUPERVISED = dataclasses.replace(
    GAN,
    make=semi_supervised,
    weights={
        "adversarial": weight(1.0, "the discriminator's adversarial loss"),
        "supervised": weight(1.0, "the cross-entropy of known labels"),
        "fooling": weight(1.0, "the generator's adversarial loss"),
    },
    reads=("data", "labelled", "known"),
    single_samples=True,
    classifies=True,
)
