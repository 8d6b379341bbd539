"""Coverage of the modes of a two-dimensional mixture."""

from collections.abc import Iterator

from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.needs import need_every_class
from ganjax.metrics import mode_coverage
from ganjax.model import Model


class Modes:
    """Modes reached, share of samples within 3σ of a mode, and reverse KL (the protocol
    of PacGAN, Lin et al. 2018, arXiv 1712.04086, section 4.1)."""

    lower, higher = ("reverse_kl",), ("modes", "high_quality")

    def __init__(self, evaluation_data: EvaluationData):
        spec = evaluation_data.source.spec
        if spec.modes is None:
            raise Uncomputable(
                f"expected a mixture, but data.name='{spec.name}' has no modes"
            )
        need_every_class(evaluation_data)
        self._data, self._spec = evaluation_data, spec

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        points = self._data.fake(model).data
        yield from mode_coverage(points, self._spec.modes, self._spec.std).items()
