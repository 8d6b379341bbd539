"""Pure metric functions: arrays in, numbers out, on the host.

None of them knows a data set, a feature extractor or a config; what was measured on
what is the business of `ganjax.evaluation`.
"""

from ganjax.metrics.frechet import (
    covariance_root,
    frechet_distance,
    frechet_from_root,
    moments,
)
from ganjax.metrics.modes import mode_coverage
from ganjax.metrics.nearest import knn_classify, nearest
from ganjax.metrics.neighbours import density_coverage, precision_recall

__all__ = [
    "covariance_root",
    "density_coverage",
    "frechet_distance",
    "frechet_from_root",
    "knn_classify",
    "mode_coverage",
    "moments",
    "nearest",
    "precision_recall",
]
