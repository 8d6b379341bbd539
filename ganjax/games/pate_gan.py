"""PATE-GAN: a student discriminator that learns from noisy votes of teachers, each of
which saw another part of the data (Jordon et al. 2019, openreview S1zk9iRqF7)."""

import jax
import jax.numpy as jnp

from ganjax.core import Game, Network
from ganjax.errors import BadInput
from ganjax.games.private_gan import (
    check_batch,
    check_network,
    check_private,
    counted,
    samples_of,
)
from ganjax.games.recipe import Parts, Recipe
from ganjax.model import Sampler
from ganjax.options import Option

GENERATOR, STUDENT, TEACHERS = "generator", "discriminator", "teachers"


def pate_gan(parts: Parts) -> tuple[Game, Sampler]:
    """Build k teachers, a student and a generator (algorithm 1 of the paper).

    The example of row i belongs to teacher i mod k, and to no other. A teacher learns
    to tell its examples from generated ones. The student sees only generated samples.
    Its label of a sample is whether n₁ + Lap(1/λ) > k/2, where n₁ teachers call the
    sample real. The paper adds noise to n₁ and to k − n₁; noise on one of them costs
    half as much for each label. The generator learns only from the student.

    Each label costs privacy: one example changes one vote, so n₁ by at most one.
    `ganjax privacy` composes all labels of the run, with a bound that does not depend
    on the data. Ganev et al. 2024 (arXiv 2406.13985) found leaks in six
    implementations, in how they divide the data among teachers, in their accounting,
    and in statistics of the data that they use without a price. Here the parts are
    disjoint by construction, every label is counted, and ranges and categories must be
    public. The guarantee is for one example that is replaced by an empty one, and for
    student and generator: teachers are not private.
    """
    check_private(parts, "pate_gan")
    draw, made, decode = samples_of(parts)
    count, labels = parts.options["teachers"], parts.options["labels"]
    loss = parts.adversary.loss
    if loss.boundary is None:
        raise BadInput(
            "loss.name: expected a loss whose logits say real or generated with "
            "game='pate_gan'"
        )
    limit, _ = loss.boundary(0.0, 0.0)

    def teachers(owned, view):
        check_batch(view.batch, "pate_gan")
        real, present = view.batch["data"], view.batch["present"]
        fake, _ = made(view, view.local(parts.batch_size))
        own = jax.nn.one_hot(view.batch["row"] % count, count, axis=0)
        real_logits, view = view.update(TEACHERS, real)
        fake_logits = view.apply(TEACHERS, fake)
        # The expected number of a teacher's examples does not depend on the data.
        expected = view.local(parts.batch_size) / count
        there = own * present[None] > 0
        right = jnp.sum(jnp.where(there, loss.on_real(real_logits), 0), 1) / expected
        wrong = jnp.mean(loss.on_fake(fake_logits), axis=1)
        return jnp.sum(right + wrong), view.report(fake_logit=jnp.mean(fake_logits))

    def student(owned, view):
        n = view.local(labels)
        fake, _ = made(view, n)
        votes = jnp.sum(view.apply(TEACHERS, fake) > limit, axis=0)
        drawn = view.draw("votes", n, _laplace)
        scale = 1 / view.knobs["options.vote_rate"]
        label = noisy_majority(votes, count, scale * drawn)
        logits, view = view.update(STUDENT, fake)
        price = jnp.mean(jax.nn.softplus(logits) - label * logits)
        return price, view.report(
            called_real=jnp.mean(label),
            labels=jnp.asarray(labels, jnp.float32),
            vote_rate=view.knobs["options.vote_rate"],
        )

    def generator(owned, view):
        fake, view = made(view, view.local(parts.batch_size))
        logits = view.apply(STUDENT, fake)
        return loss.generator(None, logits), view.report(fake_logit=jnp.mean(logits))

    one = parts.network(TEACHERS, parts.shape)
    check_network(one, TEACHERS, "pate_gan")
    game = Game(
        networks={
            TEACHERS: Network(Several(one.module, count), one.inputs),
            STUDENT: parts.network(STUDENT, parts.shape),
            GENERATOR: parts.network(
                GENERATOR, (parts.latents.size,), output=parts.shape
            ),
        },
        players=(
            parts.player(TEACHERS, (TEACHERS,), teachers),
            parts.player(STUDENT, (STUDENT,), student, reads_data=False),
            parts.player(GENERATOR, (GENERATOR,), generator, reads_data=False),
        ),
        ema=(GENERATOR,),
    )
    return game, Sampler(draw=draw, decode=decode)


def noisy_majority(real: jax.Array, teachers: int, noise: jax.Array) -> jax.Array:
    """Return 1 where the votes for real ``[n]``, with noise ``[n]``, are more than half
    of the teachers; else 0 (PATE; Papernot et al. 2017, arXiv 1610.05755, eq. 1, with
    noise on one of the two counts)."""
    return (real + noise > teachers / 2).astype(jnp.float32)


def _laplace(keys):
    return jax.vmap(lambda key: jax.random.laplace(key, ()))(keys)


class Several:
    """Networks of the same architecture, with an axis of networks in all variables and
    outputs: ``x [n, …] -> [count, n]``."""

    mixes_samples = False

    def __init__(self, module, count: int):
        self.module, self.count = module, count

    def init(self, key, *inputs, train):
        keys = jax.random.split(key, self.count)
        return jax.vmap(lambda k: self.module.init(k, *inputs, train=train))(keys)

    def apply(self, variables, *inputs, **how):
        return jax.vmap(lambda own: self.module.apply(own, *inputs, **how))(variables)


PATE_GAN = Recipe(
    make=pate_gan,
    networks={
        GENERATOR: "generator",
        STUDENT: "discriminator",
        TEACHERS: "discriminator",
    },
    players=(TEACHERS, STUDENT, GENERATOR),
    critics=(STUDENT,),
    options={
        "teachers": Option(10, "teachers, each with its part of the data", least=1),
        "labels": Option(32, "samples that the teachers label in a turn", least=1),
        "vote_rate": Option(
            0.1, "1 over the scale of the noise of a vote", above=0, knob=True
        ),
        "delta": Option(1e-5, "delta of the guarantee", above=0, below=1),
    },
    rule=counted,
)
