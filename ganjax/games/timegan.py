"""TimeGAN: adversarial training in the space of an autoencoder of time series, with a
network that learns its dynamics (Yoon, Jarrett & van der Schaar 2019, Time-series
generative adversarial networks). Its phases are a schedule of players."""

import dataclasses

import jax
import jax.numpy as jnp

from ganjax.core import Game
from ganjax.errors import BadInput, shape_text
from ganjax.games.recipe import Parts, Recipe, weight
from ganjax.model import Sampler
from ganjax.options import Option

EMBEDDER, RECOVERY, GENERATOR, SUPERVISOR, DISCRIMINATOR = NETWORKS = (
    "embedder", "recovery", "generator", "supervisor", "discriminator",
)  # fmt: skip
AUTOENCODER = "autoencoder"  # the player of the first phase


def timegan(parts: Parts) -> tuple[Game, Sampler]:
    """Build an embedder e, a recovery r, a generator g, a supervisor s, and a
    discriminator d of embedded series.

    With h = e(x), ê = g(z) and ĥ = s(ê), all ``[n, T, hidden]``, the losses are

    - L_R = √ mean (x − r(h))² of reconstruction (eq. 7);
    - L_S = mean (h_t+1 − s(h)_t)² of the next step (eq. 9);
    - L_U of the discriminator, for h against ĥ, plus ``weights.intermediate`` times its
      loss for ê (eq. 8; ê is the authors' addition);
    - L_V = mean |σ(x̂) − σ(x)| + |μ(x̂) − μ(x)| over steps and variables, for the mean
      and the deviation over samples of x̂ = r(ĥ) (of the authors' code).

    The phases follow the authors' code. In the first ``options.embedding_steps`` steps
    ``autoencoder`` minimises ``weights.reconstruction``·L_R. In the next
    ``options.supervised_steps`` ``supervisor`` minimises L_S. Then ``generator``
    minimises its adversarial loss plus ``weights.supervised``·√L_S plus
    ``weights.moments``·L_V, ``embedder`` minimises ``weights.reconstruction``·L_R plus
    ``weights.dynamics``·L_S, and ``discriminator`` L_U. The code alternates generator
    and embedder twice; here each takes its updates in a row. Its rule that the
    discriminator rests while L_U is at most 0.15 is not implemented.
    """
    adversary, latents, options = parts.adversary, parts.latents, parts.options
    if len(parts.shape) != 2:
        raise BadInput(
            f"game='timegan': expected time series, such as data.name='sines', but an "
            f"example has the shape {shape_text(parts.shape)}"
        )

    def reconstruction(view):
        """Return L_R, the embedded series, and the view."""
        x = view.batch["data"]
        h, view = view.update(EMBEDDER, x)
        again, view = view.update(RECOVERY, h)
        return _root(view, jnp.mean((x - again) ** 2)), h, view

    def next_step(h, view):
        ahead, view = view.update(SUPERVISOR, h)
        return jnp.mean((h[:, 1:] - ahead[:, :-1]) ** 2), view

    def made(view):
        """Return ê and ĥ."""
        z = view.draw("latents", view.local(parts.batch_size), latents.draw)
        first, view = view.update(GENERATOR, z)
        second, view = view.update(SUPERVISOR, first)
        return first, second, view

    def autoencoder(owned, view):
        error, _, view = reconstruction(view)
        loss = view.knobs["weights.reconstruction"] * error
        return loss, view.report(reconstruction=error)

    def supervisor(owned, view):
        loss, view = next_step(view.apply(EMBEDDER, view.batch["data"]), view)
        return loss, view.report()

    def embedder(owned, view):
        error, h, view = reconstruction(view)
        step, view = next_step(h, view)
        weights = view.knobs
        loss = weights["weights.reconstruction"] * error
        loss = loss + weights["weights.dynamics"] * step
        return loss, view.report(reconstruction=error, supervised=step)

    def generator(owned, view):
        x, weights = view.batch["data"], view.knobs
        h = view.apply(EMBEDDER, x)
        first, second, view = made(view)
        fooled, metrics, view = adversary.generator_loss(
            view, GENERATOR, DISCRIMINATOR, second, h
        )
        step, view = next_step(h, view)
        moments = _distance(view, view.apply(RECOVERY, second), x)
        loss = fooled + intermediate(view, adversary.loss.on_generated, first)
        loss = loss + weights["weights.supervised"] * _root(view, step)
        loss = loss + weights["weights.moments"] * moments
        own = {"adversarial": fooled, "supervised": step, "moments": moments}
        return loss, view.report(**own, **metrics)

    def discriminator(owned, view):
        real = view.apply(EMBEDDER, view.batch["data"])
        first, second, _ = made(view)
        loss, metrics, view = adversary.critic_loss(
            view, DISCRIMINATOR, DISCRIMINATOR, real, second
        )
        loss = loss + intermediate(view, adversary.loss.on_fake, first)
        return loss, view.report(**metrics)

    def intermediate(view, loss, first):
        if loss is None:  # a relativistic loss, for which the weight is 0
            return 0.0
        seen = adversary.critic_inputs.plain(first, None)
        value = jnp.mean(loss(view.apply(DISCRIMINATOR, *seen)))
        return view.knobs["weights.intermediate"] * value

    embedded = (parts.shape[0], options["hidden"])
    begin = options["embedding_steps"]
    joint = begin + options["supervised_steps"]
    both = (EMBEDDER, RECOVERY)
    players = (
        (AUTOENCODER, both, autoencoder, (0, begin)),
        (SUPERVISOR, (SUPERVISOR,), supervisor, (begin, joint)),
        (GENERATOR, (GENERATOR, SUPERVISOR), generator, (joint, None)),
        (EMBEDDER, both, embedder, (joint, None)),
        (DISCRIMINATOR, (DISCRIMINATOR,), discriminator, (joint, None)),
    )
    seen = adversary.critic_inputs.shape(embedded)
    game = Game(
        networks={
            EMBEDDER: parts.network(EMBEDDER, parts.shape, output=embedded),
            RECOVERY: parts.network(RECOVERY, embedded, output=parts.shape),
            GENERATOR: parts.network(GENERATOR, (latents.size,), output=embedded),
            SUPERVISOR: parts.network(SUPERVISOR, embedded, output=embedded),
            DISCRIMINATOR: parts.network(DISCRIMINATOR, seen),
        },
        players=tuple(
            dataclasses.replace(parts.player(name, owns, objective), plays=steps)
            for name, owns, objective, steps in players
        ),
        ema=(EMBEDDER, RECOVERY, GENERATOR, SUPERVISOR),
        memory=lambda key: adversary.memory((DISCRIMINATOR,), GENERATOR),
    )

    def decode(apply, z, label):
        return apply(RECOVERY, apply(SUPERVISOR, apply(GENERATOR, z)))

    def reconstruct(apply, x):
        return apply(RECOVERY, apply(EMBEDDER, x))

    def critic(apply, x, label):
        return adversary.scores(DISCRIMINATOR, apply, apply(EMBEDDER, x))

    return game, Sampler(
        draw=latents.draw, decode=decode, critic=critic,
        abilities={"reconstruct": reconstruct},
    )  # fmt: skip


def _root(view, square):
    """Return the square root of the mean over devices. It has no derivative at 0."""
    return jnp.sqrt(view.mean(square) + 1e-12)


def _distance(view, made, real):
    """Return L_V of series ``[n, T, D]`` of the whole batch."""

    def moments(x):
        mean, square = view.mean((jnp.mean(x, 0), jnp.mean(x**2, 0)))
        return mean, jnp.sqrt(jax.nn.relu(square - mean**2) + 1e-6)

    pairs = zip(moments(made), moments(real), strict=True)
    return sum(jnp.mean(jnp.abs(ours - theirs)) for ours, theirs in pairs)


TIMEGAN = Recipe(
    make=timegan,
    networks={
        EMBEDDER: "encoder", RECOVERY: "generator", GENERATOR: "generator",
        SUPERVISOR: "encoder", DISCRIMINATOR: "discriminator",
    },
    players=(AUTOENCODER, SUPERVISOR, GENERATOR, EMBEDDER, DISCRIMINATOR),
    weights={
        "reconstruction": weight(10.0, "the root of the error of reconstruction"),
        "dynamics": weight(0.1, "the next step, in the embedder's loss"),
        "supervised": weight(100.0, "the root of the error of the next step"),
        "moments": weight(100.0, "the distance of means and deviations"),
        "intermediate": Option(
            1.0, "weight of the generator's output before the supervisor", least=0,
            knob=True, needs=("a loss of single samples",),
        ),
    },
    options={
        "hidden": Option(24, "numbers of an embedded series at each step", least=1),
        "embedding_steps": Option(10_000, "steps of the first phase", least=0),
        "supervised_steps": Option(10_000, "steps of the second phase", least=0),
    },
    single_samples=True,
)  # fmt: skip
