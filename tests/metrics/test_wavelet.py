"""The Fréchet wavelet distance against its authors' package and known transforms."""

import numpy as np
import pytest

from ganjax.errors import Uncomputable
from ganjax.metrics import frechet_distance, moments
from ganjax.metrics.wavelet import frechet_wavelet, packet_moments


def sets(seed, count, height, width, channels):
    rng = np.random.default_rng(seed)
    shape = count, height, width, channels
    a = rng.integers(0, 256, shape, np.uint8)
    b = rng.integers(0, 200, shape, np.uint8)
    b[:, :, 1:] = b[:, :, 1:] // 2 + b[:, :, :-1] // 2
    return a, b


def distance(a, b, levels=4):
    found = (packet_moments(x, levels=levels, tile=32) for x in (a, b))
    return frechet_wavelet(*found, channels=a.shape[-1])


# pytorchfwd 1.0.1 with ptwt 0.1.8, torch 2.13.0 and NumPy 1.26.4 gives these numbers
# for the images as PNG files (``compute_fwd``, Haar, no logarithm, no resizing).
@pytest.mark.parametrize(
    "shape, levels, expected",
    [
        ((0, 60, 16, 16, 3), 4, 0.1120300325840988),
        ((1, 60, 16, 32, 3), 3, 1.1054141550497554),
        ((2, 80, 8, 8, 1), 2, 0.44663726458918773),  # grey: RGB there
        ((3, 60, 12, 20, 3), 3, 0.7571026863294141),  # 12, 6, 3: an odd side
        ((4, 90, 14, 14, 3), 4, 0.1101893342552664),
    ],
)
def test_equal_to_the_authors_package(shape, levels, expected):
    assert distance(*sets(*shape), levels) == pytest.approx(expected, rel=1e-4)


def test_a_shift_of_all_pixels_is_in_one_packet():
    """A shift by s is a shift of the lowest packet's D numbers by s · 2^L, and D of
    them in 4^L packets: D · (2^L s)² / 4^L = D s²."""
    a = np.random.default_rng(0).integers(0, 200, (50, 16, 16, 3), np.uint8)
    for levels in (1, 3):
        numbers = 3 * (16 // 2**levels) ** 2
        expected = numbers * (51 / 255) ** 2
        assert distance(a, a + np.uint8(51), levels) == pytest.approx(expected)


def test_the_transform_is_orthogonal():
    """No level: one packet, the pixels. Traces of the covariances do not change."""
    a, b = sets(5, 40, 8, 8, 3)
    pixels = [moments(x.reshape(40, -1) / 255) for x in (a, b)]
    assert distance(a, b, 0) == pytest.approx(frechet_distance(*pixels[0], *pixels[1]))
    _, cov = packet_moments(a, levels=3)
    traces = np.trace(cov, axis1=1, axis2=2)
    assert traces.sum() == pytest.approx(np.trace(pixels[0][1]))


def test_equal_and_mirrored_sets_are_at_distance_zero():
    a, _ = sets(6, 60, 16, 16, 3)
    assert distance(a, a) == pytest.approx(0, abs=1e-9)
    assert distance(a, a[::-1]) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    "images, says",
    [
        (np.zeros((5, 8, 16, 3), np.uint8), "images of 8×16, expected more than 8"),
        (np.zeros((5, 16, 16, 3)), "float64 .*: expected uint8"),
        (np.zeros((1, 16, 16, 3), np.uint8), "N >= 2"),
    ],
)
def test_bad_images(images, says):
    with pytest.raises(Uncomputable, match=says):
        packet_moments(images)


def test_packets_of_other_images_do_not_fit():
    small, large = (packet_moments(sets(0, 9, n, n, 3)[0]) for n in (16, 32))
    with pytest.raises(Uncomputable, match="packets .*: expected equal"):
        frechet_wavelet(small, large, channels=3)
