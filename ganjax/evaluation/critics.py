"""Whether the critic itself still tells generated samples from real ones."""

import functools
from collections.abc import Iterator

import jax
import numpy as np

from ganjax.core import GameState
from ganjax.errors import BadInput
from ganjax.evaluation.exhibit import Exhibit
from ganjax.metrics import critic_distance, two_sample_test

_CHUNK = 240  # a multiple of every usual size of a pack


@functools.lru_cache(maxsize=8)
def _compiled(game):
    return jax.jit(lambda v, x, label: game.critic(game.finished(v), x, label))


class Critic:
    """Two-sample test and mean difference of the critic's scores, of held-out real
    samples against generated ones, and of training samples against held-out ones: there
    a critic that memorises is not at chance."""

    def __init__(self, exhibit: Exhibit):
        if exhibit.game.critic is None:
            raise BadInput(
                "evaluation.names='critic': expected a game whose critic judges "
                "samples, as game='gan' has"
            )
        self._exhibit = exhibit

    def run(self, state: GameState) -> Iterator[tuple[str, float]]:
        exhibit = self._exhibit
        count = min(exhibit.samples, len(exhibit.train), len(exhibit.test))
        fake, train, test = (
            self._scores(state, side.first(count))
            for side in (exhibit.fake(state), exhibit.train, exhibit.test)
        )
        for name, value in two_sample_test(test, fake).items():
            yield f"critic_{name}", value
        distance, error = critic_distance(test, fake)
        yield "critic_distance", distance
        yield "critic_distance_error", error
        yield "critic_auroc_train_over_test", two_sample_test(train, test)["auroc"]

    def _scores(self, state, side):
        game = self._exhibit.game
        variables = {
            name: {"params": state.params[name], **state.variables[name]}
            for name in game.networks
        }
        device = min(jax.tree.leaves(variables)[0].devices(), key=lambda d: d.id)
        variables = jax.device_put(variables, device)
        size = min(len(side), _CHUNK)
        found = []
        for first in range(0, len(side) - size + 1, size):
            part = slice(first, first + size)
            label = None if side.label is None else side.label[part]
            found.append(np.asarray(_compiled(game)(variables, side.data[part], label)))
        return np.concatenate(found)
