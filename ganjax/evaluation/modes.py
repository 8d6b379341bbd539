"""Which modes of a two-dimensional mixture the generator reaches."""

from collections.abc import Iterator

import jax

from ganjax.core import Game, GameState, child_key
from ganjax.data import Source
from ganjax.errors import BadInput
from ganjax.evaluation.sampling import draw
from ganjax.metrics import mode_coverage


class Modes:
    """Modes reached, share of samples within 3σ of one, and reverse KL (the protocol of
    PacGAN, Lin et al. 2018, arXiv 1712.04086, section 4.1)."""

    def __init__(self, game: Game, source: Source, *, samples: int, seed: int):
        if source.spec.modes is None:
            raise BadInput(
                f"evaluation.names='modes': expected a mixture, and "
                f"data.name='{source.spec.name}' has no modes"
            )
        self._game, self._spec = game, source.spec
        self._samples, self._seed = samples, seed

    def run(self, state: GameState) -> Iterator[tuple[str, float]]:
        key = child_key(jax.random.key(self._seed), "evaluation")
        points = draw(self._game, state, key, self._samples)
        yield from mode_coverage(points, self._spec.modes, self._spec.std).items()
