"""Inputs of conditional games on CIFAR-10: images, labels and latents by name."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from tests.parity import rule
from tests.parity.tensors import last

CLASSES = 10
PLAYERS = ("discriminator", "generator")
Turns = Mapping[str, Mapping[str, np.ndarray]]


def one_hot(label: np.ndarray) -> np.ndarray:
    """Return labels ``[n]`` as ``[n, CLASSES]``."""
    return np.eye(CLASSES, dtype=np.float32)[label]


@dataclasses.dataclass(frozen=True)
class Given:
    """Inputs in the layout of torch.

    Attributes:
      code: the beginning of all names.
      size: side of an image.
      latent: numbers of a latent.
    """

    code: str
    size: int
    latent: int

    def images(self, name: str, *sizes: int, size: int = 0) -> np.ndarray:
        """Return images ``[*sizes, 3, size, size]``, by default of the side ``size`` of
        this class."""
        side = size or self.size
        return rule.images(f"{self.code}/{name}", (*sizes, 3, side, side))

    def labels(self, name: str, *sizes: int) -> np.ndarray:
        """Return labels ``[*sizes]``."""
        n = int(np.prod(sizes))
        return rule.labels(f"{self.code}/{name}", n, CLASSES).reshape(sizes)

    def latents(self, name: str, *sizes: int) -> np.ndarray:
        """Return latents ``[*sizes, latent]``."""
        return rule.numbers(f"{self.code}/{name}", (*sizes, self.latent))

    def turns(self, *sizes: int) -> Turns:
        """Return what players see in some steps: player -> name -> ``[steps, n, …]``.
        ``sizes`` are ``steps, n``."""
        return {
            player: {
                "real": self.images(f"steps/{player}/real", *sizes),
                "label": self.labels(f"steps/{player}/label", *sizes),
                "z": self.latents(f"steps/{player}/z", *sizes),
            }
            for player in PLAYERS
        }


def as_steps(turns: Turns, players: Sequence[str]) -> tuple[dict, dict]:
    """Return turns as the batches and draws of ``Training.run``. ``players`` are in the
    order of the game."""
    rounds = [turns[player] for player in players]
    batches = {
        "data": last(np.stack([x["real"] for x in rounds], 1)),
        "label": np.stack([x["label"] for x in rounds], 1),
    }
    draws = {player: {"latents": x["z"][:, None]} for player, x in turns.items()}
    return batches, draws
