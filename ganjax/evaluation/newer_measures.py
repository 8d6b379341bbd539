"""Measures from papers of 2022 to 2026: authenticity, CMMD, MIND, and the Fréchet
wavelet distance."""

from ganjax import metrics
from ganjax.data import as_bytes
from ganjax.data.alpha import has_alpha, on_white
from ganjax.evaluation.compared import Scores, measure
from ganjax.evaluation.side import Side
from ganjax.metrics.arrays import checked
from ganjax.metrics.wavelet import SMALLEST_SIDE


@measure(neither=("authenticity",), least=(2, 1))
def authenticity(real: Side, other: Side) -> Scores:
    """Yield the share of samples that are not copies of training samples. A sample
    counts as a copy if it is closer to its nearest training sample than this training
    sample is to any other."""
    yield "authenticity", metrics.authenticity(real.features, other.features)


@measure(lower=("cmmd",))
def cmmd(real: Side, other: Side) -> Scores:
    """Yield CMMD (Jayasumana et al. 2024, arXiv 2401.09603): the squared maximum mean
    discrepancy of unit-length features under a Gaussian kernel, times 1,000."""
    yield "cmmd", metrics.cmmd(real.features, other.features)


@measure(lower=("mind",))
def mind(real: Side, other: Side) -> Scores:
    """Yield MIND, the Monge Inception distance (Berthet et al. 2026, arXiv 2605.06797):
    3 D times the mean over random directions of the squared one-dimensional Wasserstein
    distance, for D features."""
    yield "mind", metrics.monge_distance(real.features, other.features)


@measure(lower=("fwd",), least=(2, 2), smallest_side=SMALLEST_SIDE)
def wavelet(real: Side, other: Side) -> Scores:
    """Yield the Fréchet wavelet distance of the images (Veeramacheneni et al. 2024,
    arXiv 2312.15289): the mean of the Fréchet distances of their wavelet frequency
    bands. No extractor is used."""
    moments = _packets_of(real), _packets_of(other)
    channels = 1 if real.data.shape[-1] == 1 else 3
    yield "fwd", metrics.frechet_wavelet(*moments, channels=channels)


def _packets_of(side: Side):
    """Return the moments of the packets. They are cached on the side for reuse."""
    if "packets" not in side.__dict__:
        data = checked(side.data, "the images", side.data.ndim == 4, "[n, H, W, C]")
        images = as_bytes(data)
        if has_alpha(images.shape[1:]):
            images = on_white(images)
        side.__dict__["packets"] = metrics.packet_moments(images)
    return side.__dict__["packets"]


NEWER_MEASURES = {one.__name__: one for one in (authenticity, cmmd, mind, wavelet)}
