"""The game of one discriminator against one other player."""

from collections.abc import Callable, Mapping

from ganjax.core import Game, Network
from ganjax.games.recipe import Parts


def duel(
    parts: Parts, networks: Mapping[str, Network], seen: tuple[int, ...],
    shown: Callable, objective: Callable, *, name: str = "generator",
    reads_data: bool = True,
) -> Game:  # fmt: skip
    """Build the game of the player ``discriminator`` against one other player.

    Args:
      networks: networks of the other player. All of them are averaged over steps.
      seen: shape of a sample that the discriminator judges.
      shown: ``view -> (real, fake, origin)``: the samples that the discriminator
        judges, and a dictionary of fields of ``TermContext`` that describe where they
        came from.
      objective, name, reads_data: fields of the other ``Player``.
    """
    adversary, player, owns = parts.adversary, "discriminator", tuple(networks)

    def discriminator(owned, view):
        real, fake, origin = shown(view)
        loss, metrics, view = adversary.critic_loss(
            view, player, player, real, fake, **origin
        )
        return loss, view.report(**metrics)

    critic_inputs = adversary.critic_inputs
    critic = parts.network(
        player, critic_inputs.shape(seen), labelled=critic_inputs.labelled
    )
    return Game(
        networks={**networks, player: critic},
        players=(
            parts.player(player, (player,), discriminator),
            parts.player(name, owns, objective, reads_data=reads_data),
        ),
        ema=owns,
        memory=lambda key: adversary.memory((player,), name),
    )
