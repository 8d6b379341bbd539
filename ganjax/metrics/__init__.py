"""Pure metric functions: arrays in, numbers out, on the host.

No metric depends on a data set, a feature extractor or a config; `ganjax.evaluation`
chooses the data of each metric. Data that a metric cannot use raise ``Uncomputable``, a
``ValueError``.
"""

from ganjax.metrics.authenticity import authenticity
from ganjax.metrics.captions import attribute_accuracy, r_precision
from ganjax.metrics.colour_transfer import colour_transfer
from ganjax.metrics.conformal import conformal_threshold
from ganjax.metrics.critic import critic_distance, two_sample_test
from ganjax.metrics.curves import curve_of_shares, precision_recall_curve
from ganjax.metrics.diversity import diversity
from ganjax.metrics.filling import biharmonic_filling, mean_filling, seam_steps
from ganjax.metrics.frechet import (
    covariance_root,
    frechet_at_infinity,
    frechet_distance,
    frechet_from_root,
    frechet_interval,
    moments,
)
from ganjax.metrics.gaussian_kernel import cmmd
from ganjax.metrics.image_similarity import (
    peak_signal_to_noise,
    signal_to_noise_of_bytes,
    structural_similarity,
)
from ganjax.metrics.inception_score import inception_score
from ganjax.metrics.kernel import kernel_distance, squared_discrepancy
from ganjax.metrics.likelihood import likelihood_divergence
from ganjax.metrics.luminance import luma, luma_psnr, luma_ssim
from ganjax.metrics.memorisation import memorisation
from ganjax.metrics.modes import class_coverage, mode_coverage
from ganjax.metrics.nearest import knn_classify, nearest
from ganjax.metrics.neighbours import density_coverage, precision_recall
from ganjax.metrics.parzen import best_std, parzen_log_likelihood
from ganjax.metrics.path_length import path_length
from ganjax.metrics.principal import principal_error
from ganjax.metrics.wasserstein import (
    monge_distance,
    sliced_wasserstein,
    wasserstein_1d,
)
from ganjax.metrics.wavelet import frechet_wavelet, packet_moments

__all__ = [
    "attribute_accuracy", "authenticity", "best_std", "biharmonic_filling",
    "class_coverage", "cmmd", "colour_transfer", "conformal_threshold",
    "covariance_root", "critic_distance", "curve_of_shares", "density_coverage",
    "diversity", "frechet_at_infinity", "frechet_distance", "frechet_from_root",
    "frechet_interval", "frechet_wavelet", "inception_score", "kernel_distance",
    "knn_classify", "likelihood_divergence", "luma", "luma_psnr", "luma_ssim",
    "mean_filling", "memorisation", "mode_coverage", "moments", "monge_distance",
    "nearest", "packet_moments", "parzen_log_likelihood", "path_length",
    "peak_signal_to_noise", "precision_recall", "precision_recall_curve",
    "principal_error", "r_precision", "seam_steps", "signal_to_noise_of_bytes",
    "sliced_wasserstein", "squared_discrepancy", "structural_similarity",
    "two_sample_test", "wasserstein_1d",
]  # fmt: skip
