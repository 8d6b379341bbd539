"""The game of one discriminator against one other player."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from ganjax.core import Game, Network
from ganjax.games.recipe import Parts

# The shape of the labels of two samples.
LABEL = jax.ShapeDtypeStruct((2,), jnp.int32)


def duel(
    parts: Parts, networks: Mapping[str, Network], seen: tuple[int, ...],
    shown: Callable, objective: Callable, *, name: str = "generator",
    reads_data: bool = True, encoders: Mapping[str, Network] | None = None,
    last: Any = None,
) -> Game:  # fmt: skip
    """Build the game of the player ``discriminator`` against one other player.

    Args:
      networks: networks of the other player. All of them are averaged over steps.
      seen: shape of a sample that the discriminator judges.
      shown: ``view -> (real, fake, origin)``: the samples that the discriminator
        judges, and a dictionary of other arguments of ``Adversary.critic_loss``. It may
        also have ``view``, a view with the variables that the passes over other
        networks wrote. If ``adversary.passes`` is ``"owner"``, only variables of the
        discriminator's networks count.
      objective, name, reads_data: fields of the other ``Player``.
      encoders: further networks of the discriminator, if any.
      last: the last input of the discriminator for two samples, by its shapes. By
        default it is the label, if the discriminator takes one.
    """
    adversary, player, owns = parts.adversary, "discriminator", tuple(networks)
    judges = (player, *(encoders or {}))

    def discriminator(owned, view):
        real, fake, origin = shown(view)
        view = origin.get("view", view)
        about = {name: x for name, x in origin.items() if name != "view"}
        loss, metrics, view = adversary.critic_loss(
            view, player, player, real, fake, **about
        )
        return loss, view.report(**metrics)

    critic_inputs = adversary.critic_inputs
    if last is None and critic_inputs.labelled:
        last = LABEL
    critic = parts.network(player, critic_inputs.shape(seen), last=last)
    players = (
        parts.player(player, judges, discriminator),
        parts.player(name, owns, objective, reads_data=reads_data),
    )
    if adversary.passes != "owner":
        others = owns, judges
        players = tuple(
            dataclasses.replace(p, writes=w)
            for p, w in zip(players, others, strict=True)
        )
    return Game(
        networks={**networks, player: critic, **(encoders or {})},
        players=players,
        ema=owns,
        memory=lambda key: adversary.memory((player,), name),
    )
