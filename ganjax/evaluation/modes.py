"""Coverage of the modes of a mixture of Gaussians."""

from collections.abc import Iterator

from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.needs import need_every_class
from ganjax.metrics import mode_coverage
from ganjax.model import Model


class Modes:
    """Coverage of the modes of a mixture of Gaussians.

    The protocol is from PacGAN (Lin et al. 2018, arXiv 1712.04086, section 4.1).
    A generated sample is of high quality if it is within three standard deviations of a
    mode. ``high_quality``: the share of these samples. ``modes``: the number of modes
    that have at least one of them. ``reverse_kl``: KL(p ‖ uniform) in nats, where p are
    the shares of the modes among the samples of high quality.
    """

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
