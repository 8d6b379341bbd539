"""A differentially private GAN: DP-SGD on the discriminator (Abadi et al. 2016, arXiv
1607.00133; Xie et al. 2018, arXiv 1802.06739), for tables and images."""

import dataclasses

import jax
import jax.numpy as jnp

from ganjax.core import ClippedExamples, Game
from ganjax.errors import BadInput
from ganjax.games.ctgan import activated, hard, table_of
from ganjax.games.recipe import Parts, Recipe
from ganjax.model import Sampler
from ganjax.options import Option

GENERATOR, DISCRIMINATOR = "generator", "discriminator"
TEMPERATURE = 0.2  # of the Gumbel-softmax, as in CTGAN


def private_gan(parts: Parts) -> tuple[Game, Sampler]:
    """Build a generator and a discriminator whose gradient of the *real* term is
    clipped for each example and perturbed. The generated term and the generator read no
    data, so they cost no privacy.

    Let B be ``batch_size``, C ``options.clip`` and σ ``options.noise``. The real term's
    gradient is (Σ clip(∇ loss of a real example, C) + σ·C·N(0, I)) / B, over a Poisson
    batch. `ganjax privacy` computes ε from the rate, σ and the steps that the run
    logged. The guarantee is for one example that is replaced by an empty one. It is for
    the networks and samples, not for the run's folder: its metrics, pictures, scores
    and its seed come from the data, or reveal the noise.

    What would break the guarantee is refused: packs, statistics of a batch, penalties
    and terms, other feeds, a second look at an example, and data with private ranges.
    """
    adversary = parts.adversary
    check_private(parts, "private_gan")
    draw, made, decode = samples_of(parts)

    def discriminator(owned, view):
        check_batch(view.batch, "private_gan")
        fake, _ = made(view, view.local(parts.batch_size))
        logits, after = view.update(DISCRIMINATOR, fake)
        logged = {
            "fake_logit": jnp.mean(logits),
            "rate": view.batch["rate"][0],
            "noise": view.knobs["options.noise"],
            "clip": view.knobs["options.clip"],
        }
        return jnp.mean(adversary.loss.on_fake(logits)), after.report(**logged)

    def of_one(owned, view, example):
        logits = view.apply(DISCRIMINATOR, jnp.expand_dims(example["data"], 0))
        return jnp.sum(adversary.loss.on_real(logits))

    def generator(owned, view):
        fake, view = made(view, view.local(parts.batch_size))
        logits = view.apply(DISCRIMINATOR, fake)
        loss = adversary.loss.generator(None, logits)
        return loss, view.report(fake_logit=jnp.mean(logits))

    networks = {
        GENERATOR: parts.network(GENERATOR, (parts.latents.size,), output=parts.shape),
        DISCRIMINATOR: parts.network(DISCRIMINATOR, parts.shape),
    }
    check_network(networks[DISCRIMINATOR], DISCRIMINATOR, "private_gan")
    estimator = ClippedExamples(
        of_one, "options.clip", "options.noise", parts.batch_size, "present"
    )
    critic = parts.player(DISCRIMINATOR, (DISCRIMINATOR,), discriminator)
    game = Game(
        networks=networks,
        players=(
            dataclasses.replace(critic, estimator=estimator),
            parts.player(GENERATOR, (GENERATOR,), generator, reads_data=False),
        ),
        ema=(GENERATOR,),
    )
    return game, Sampler(draw=draw, decode=decode)


def samples_of(parts: Parts):
    """Return ``draw``, ``made`` and ``decode`` of a generator of rows or images.

    A latent holds the numbers of ``parts.latents``, then the Gumbel noise of a row.
    ``made`` is ``(view, n) -> (samples, view)``, with relaxed categories.
    """
    form, latents = table_of(parts), parts.latents
    size, width = latents.size, form.width if form is not None else 0

    def draw(keys, truncation=0.0):
        z = latents.draw(keys, truncation)
        if form is None:
            return z
        own = jax.vmap(lambda key: jax.random.fold_in(key, 1))(keys)
        drawn = jax.vmap(lambda key: jax.random.gumbel(key, (width,)))(own)
        return jnp.concatenate([z, drawn], axis=1)

    def made(view, n):
        z = view.draw("latents", n, draw)
        output, view = view.update(GENERATOR, z[:, :size])
        if form is not None:
            output = activated(form, output, z[:, size:], TEMPERATURE)
        return output, view

    def decode(apply, z, label):
        output = apply(GENERATOR, z[:, :size])
        return output if form is None else hard(form, output, z[:, size:])

    return draw, made, decode


def counted(c):
    """Refuse what an accountant of single steps does not count, or what mixes the
    networks that see examples. A rule of a config (``Recipe.rule``)."""
    wanted = {"dynamics.name": "alternating", "on_nonfinite": "halt"}
    wanted |= {"start.workdir": "", "checkpoint.best": ""}
    for player in c.game.players:
        wanted[f"optimizers.{player}.gradient_clip"] = 0.0
    for field, value in wanted.items():
        if c[field] != value:
            yield field, f"{value!r} with {c.said('game')}"
    for player in c.game.players:
        if ":" in c[field := f"optimizers.{player}.name"]:
            yield field, f"an optimizer of ganjax with {c.said('game')}"


def check_private(parts: Parts, game: str) -> None:
    """Raise ``BadInput`` for what would break the guarantee, or is not implemented, in
    a private game."""
    adversary = parts.adversary
    inputs = adversary.critic_inputs
    penalties = [f"regularizers.{x.name}.weight" for x in adversary.penalties]
    terms = [f"terms.{x.name}.weight" for x in adversary.terms]
    refused = {
        "packing": inputs.packing != 1,
        "loss.name": not adversary.loss.separable,
        "loss.smoothing": adversary.smoothing is not None,
        "loss.flipping": adversary.flipping is not None,
        "loss.top_k": adversary.top_k is not None,
        "augmentation.names": inputs.augment is not None,
        "augmentation.noise": inputs.noise is not None,
        "augmentation.adaptive": adversary.adaptation is not None,
        "augmentation.pseudo": adversary.pseudo is not None,
        **dict.fromkeys([*penalties, *terms], True),
    }
    for field, there in refused.items():
        if there:
            raise BadInput(
                f"{field}: expected its default with game='{game}', because the "
                f"guarantee is for a sum of losses of single examples"
            )
    if parts.form is not None and table_of(parts) is None:
        raise BadInput(
            f"data.name: expected images, points or a table with game='{game}', "
            f"because ranges and names of {parts.form.kind} come from private examples"
        )
    if (form := table_of(parts)) is not None:
        if not form.public:
            raise BadInput(
                f"data.public: expected the ranges and categories of all columns with "
                f"game='{game}', because ranges of the data are private"
            )
        if form.encoding != "modes":
            raise BadInput(f"data.encoding: expected 'modes' with game='{game}'")


def check_network(network, name: str, game: str) -> None:
    """Raise ``BadInput`` if a network that sees examples mixes them."""
    if getattr(network.module, "mixes_samples", True):
        raise BadInput(
            f"networks.{name}: expected a network that treats examples separately with "
            f"game='{game}', without batch normalisation"
        )


def check_batch(batch, game: str) -> None:
    """Raise ``BadInput`` if the batches are not Poisson batches."""
    if "present" not in batch:
        raise BadInput(f"data.feed: expected 'poisson' with game='{game}'")


PRIVATE_GAN = Recipe(
    make=private_gan,
    networks={GENERATOR: "generator", DISCRIMINATOR: "discriminator"},
    players=(DISCRIMINATOR, GENERATOR),
    options={
        "clip": Option(
            1.0, "largest norm of an example's gradient", above=0, knob=True
        ),
        "noise": Option(
            1.0, "noise of the gradient, over the clip", least=0, knob=True
        ),
        "delta": Option(1e-5, "delta of the guarantee", above=0, below=1),
    },
    rule=counted,
)
