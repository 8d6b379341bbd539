"""MolGAN: molecules as graphs, and a network that learns to reward them (De Cao & Kipf
2018, arXiv 1805.11973). Without the reward it is ``game='gan'`` with the networks
``molgan``."""

import dataclasses
import functools

import jax
import jax.numpy as jnp

from ganjax.core import Game
from ganjax.errors import BadInput
from ganjax.games.duel import duel
from ganjax.games.recipe import Parts, Recipe
from ganjax.model import Sampler
from ganjax.networks.molgan import parts_of
from ganjax.options import Option

GENERATOR, DISCRIMINATOR, REWARD = "generator", "discriminator", "reward"


def molgan(parts: Parts) -> tuple[Game, Sampler]:
    """Build a generator of molecules, a discriminator, and a reward network R̂.

    R is 1 for a valid molecule and 0 for others (see ``valid``). The reward network
    minimises (R̂(x) − R(x))² + (R̂(G(z)) − R(G(z)))², where R̂ is the sigmoid of its
    logit. The generator minimises (1 − w)·L_G − w·α·R̂(G(z)) with w = ``weights.reward``
    and its adversarial loss L_G (section 3; w is the paper's 1 − λ). With
    ``options.balanced`` α is |L_G / R̂(G(z))| as in the authors' code, without a
    gradient; otherwise it is 1. The offset of a Wasserstein critic is arbitrary, and
    where L_G is near 0 a balanced reward has no effect.
    """
    adversary, latents = parts.adversary, parts.latents
    if getattr(parts.form, "kind", "") != "molecules":
        raise BadInput("game='molgan': expected molecules, as data.name='molecules'")
    rewarded = functools.partial(valid, valences=parts.form.valences)

    def score(view, z):
        return adversary.logits(view, DISCRIMINATOR, view.apply(GENERATOR, z))

    def made(view):
        """Return generated molecules, the fields of ``TermContext``, and the view."""
        z = view.draw("latents", view.local(parts.batch_size), latents.draw)
        z = latents.optimise(view, z, lambda z: score(view, z))
        fake, view = view.update(GENERATOR, z)
        context = {
            "latents": z,
            "generate": lambda z: view.apply(GENERATOR, z),
            "generator": GENERATOR,
            "generator_inputs": lambda z, label: (z,),
        }
        return fake, context, view

    def shown(view):
        fake, context, after = made(view)
        return view.batch["data"], fake, {**context, "view": after}

    def generator(owned, view):
        fake, context, view = made(view)
        real = None if view.batch is None else view.batch["data"]
        fooled, metrics, view = adversary.generator_loss(
            view, GENERATOR, DISCRIMINATOR, fake, real, **context
        )
        value = jnp.mean(jax.nn.sigmoid(view.apply(REWARD, fake)))
        w = view.knobs["weights.reward"]
        alpha = 1.0
        if parts.options["balanced"]:
            alpha = jnp.abs(view.mean(fooled)) / (view.mean(value) + 1e-8)
        loss = (1 - w) * fooled - w * jax.lax.stop_gradient(alpha) * value
        own = {"valid": jnp.mean(rewarded(fake)), "reward": value}
        return loss, view.report(adversarial=fooled, **own, **metrics)

    def reward(owned, view):
        real, fake = view.batch["data"], made(view)[0]
        loss = jnp.zeros(())
        for x in (real, fake):
            value, view = view.update(REWARD, x)
            loss = loss + jnp.mean((jax.nn.sigmoid(value) - rewarded(x)) ** 2)
        return loss, view.report()

    network = parts.network(GENERATOR, (latents.size,), output=parts.shape)
    how = {"reads_data": adversary.reads_data()}
    game = duel(parts, {GENERATOR: network}, parts.shape, shown, generator, **how)
    judge = {REWARD: parts.network(REWARD, parts.shape)}
    player = parts.player(REWARD, (REWARD,), reward)
    game = dataclasses.replace(
        game, networks={**game.networks, **judge}, players=(*game.players, player)
    )
    sampler = Sampler(
        draw=latents.draw,
        decode=lambda apply, z, label: apply(GENERATOR, z),
        critic=functools.partial(adversary.scores, DISCRIMINATOR),
        packing=adversary.critic_inputs.packing,
    )
    return game, sampler


def valid(x: jax.Array, valences: tuple[int, ...]) -> jax.Array:
    """Return 1 for each valid molecule of ``x [n, N, T + N·Y]``, else 0: ``[n]``.

    A molecule is valid if it has atoms, the bond orders of each atom sum to at most its
    valence, and its bonds connect all atoms. No gradient flows through the result.

    Args:
      valences: of the types after the first one, which is no atom.
    """
    types, bonds = parts_of(jax.lax.stop_gradient(x))
    kind, order = jnp.argmax(types, -1), jnp.argmax(bonds, -1)
    there = kind > 0
    free = jnp.asarray((0, *valences))[kind]
    fits = jnp.all(jnp.sum(order, -1) <= free, -1)
    # Paths of up to 2^k bonds after k squarings.
    places = x.shape[1]
    near = (order > 0) | jnp.expand_dims(jnp.eye(places, dtype=bool), 0)
    for _ in range(max(1, (places - 1).bit_length())):
        steps = near.astype(jnp.float32)
        near = steps @ steps > 0
    both = jnp.expand_dims(there, 1) & jnp.expand_dims(there, 2)
    whole = jnp.all(near | ~both, (1, 2))
    return (fits & whole & jnp.any(there, -1)).astype(jnp.float32)


MOLGAN = Recipe(
    make=molgan,
    networks={
        GENERATOR: "generator",
        DISCRIMINATOR: "discriminator",
        REWARD: "discriminator",
    },
    players=(DISCRIMINATOR, GENERATOR, REWARD),
    weights={
        "reward": Option(
            0.0,
            "weight of the reward; the adversarial loss has the rest",
            least=0,
            most=1,
            knob=True,
        )
    },
    options={"balanced": Option(True, "reward as large as the adversarial loss")},
    from_latents=True,
)
