"""Which modes of a two-dimensional mixture the generator reaches."""

from collections.abc import Iterator

from ganjax.core import GameState
from ganjax.errors import BadInput
from ganjax.evaluation.exhibit import Exhibit
from ganjax.metrics import mode_coverage


class Modes:
    """Modes reached, share of samples within 3σ of one, and reverse KL (the protocol of
    PacGAN, Lin et al. 2018, arXiv 1712.04086, section 4.1)."""

    def __init__(self, exhibit: Exhibit):
        spec = exhibit.source.spec
        if spec.modes is None:
            raise BadInput(
                f"evaluation.names='modes': expected a mixture, and "
                f"data.name='{spec.name}' has no modes"
            )
        self._exhibit, self._spec = exhibit, spec

    def run(self, state: GameState) -> Iterator[tuple[str, float]]:
        points = self._exhibit.fake(state).data
        yield from mode_coverage(points, self._spec.modes, self._spec.std).items()
