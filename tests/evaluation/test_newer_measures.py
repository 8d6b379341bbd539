"""Authenticity, CMMD, the wavelet distance and the likelihood, of runs and of sets."""

import jax
import numpy as np
import pytest

import ganjax
from ganjax.core import init_state
from ganjax.data import Arrays, Source, Spec, held_out, open_source
from ganjax.errors import BadInput, Uncomputable
from ganjax.evaluation import EVALUATORS, EvaluationData
from ganjax.metrics import frechet_wavelet, packet_moments
from ganjax.metrics.features import Extractor
from ganjax.model import Model, Sampler
from tests import tiny


@pytest.fixture(scope="module")
def plain():
    setup = tiny.setup("gan")
    return setup, init_state(setup.game, jax.random.key(0), setup.knobs)


def normal_source(count=300, width=3):
    train, test = np.random.default_rng(0).standard_normal((2, count, width))
    label = np.zeros(count, np.int32)
    splits = (Arrays(x.astype(np.float32), label) for x in (train, test))
    return Source(Spec("normal", (width,)), *splits)


def scores_of(plain, name, samples, source, **options):
    sampler = Sampler(generate=lambda apply, keys: samples[: keys.shape[0]])
    data = EvaluationData(sampler, source, samples=len(samples), seed=0, **options)
    model = Model(plain[0].game, sampler, plain[1])
    return dict(EVALUATORS[name](data).run(model))


@pytest.mark.parametrize("name", ["authenticity", "cmmd"])
def test_the_floor_is_the_score_of_held_out_samples(plain, name):
    source = normal_source()
    samples, _ = held_out(source.test, 200, seed=0)
    found = scores_of(plain, name, samples, source)
    assert set(found) == {f"{name}_points_200", f"{name}_points_200_floor"}
    assert len(set(found.values())) == 1


def test_copies_are_not_authentic_and_have_a_low_gap(plain):
    source = normal_source()
    copies, _ = held_out(source.train, 200, seed=0)
    found = scores_of(plain, "authenticity", copies + np.float32(1e-4), source)
    assert found["authenticity_points_200"] < 0.1
    assert found["authenticity_points_200_floor"] > 0.4
    losses = scores_of(plain, "likelihood", copies + np.float32(1e-4), source)
    assert set(losses) == {"fld_points_200", "fld_gap_points_200"}
    assert losses["fld_gap_points_200"] < -100


def pictures(seed, count=40, side=16):
    return np.random.default_rng(seed).integers(
        0, 256, (count, side, side, 3), np.uint8
    )


def test_the_wavelet_distance_is_of_the_images(plain, tmp_path):
    """It does not depend on the extractor, and its name shows it."""
    label = np.zeros(40, np.int32)
    source = Source(
        Spec("noise", (16, 16, 3)), Arrays(pictures(0), label),
        Arrays(pictures(1), label),
    )  # fmt: skip
    eye = Extractor("eye", 2, "0", "none", lambda x: (np.zeros((len(x), 2)), None))
    fake = pictures(2)
    found = scores_of(
        plain, "wavelet", (fake / 127.5 - 1).astype(np.float32), source, extractor=eye
    )
    moments = [packet_moments(pictures(seed)) for seed in (0, 2)]
    expected = frechet_wavelet(*moments, channels=3)
    assert found["fwd_pixels_40"] == pytest.approx(expected, rel=1e-9)
    assert set(found) == {"fwd_pixels_40", "fwd_pixels_40_floor"}
    for name, x in (("real", pictures(0)), ("fake", fake)):
        np.save(tmp_path / f"{name}.npy", x)
    paths = tmp_path / "real.npy", tmp_path / "fake.npy"
    scores = ganjax.score(*paths, metrics=["wavelet", "cmmd"])["scores"]
    assert scores["fwd_pixels_40"] == pytest.approx(expected, rel=1e-9)
    assert scores["cmmd_pixels_40"] > 0
    with pytest.raises(BadInput, match="metrics='wavelet': reads images, expected no"):
        ganjax.score(*paths, metrics=["wavelet"], extractor="effnet_lite0")


def test_bad_data_are_refused_before_a_run(plain, tmp_path):
    digits = open_source("digits")
    samples = np.zeros((100, 8, 8, 1), np.float32)
    with pytest.raises(Uncomputable, match="images of 8×8×1, expected at least 9"):
        scores_of(plain, "wavelet", samples, digits)
    with pytest.raises(Uncomputable, match="data.name='normal' has points"):
        scores_of(plain, "wavelet", np.zeros((100, 3), np.float32), normal_source())
    with pytest.raises(Uncomputable, match="equal in all held-out samples"):
        scores_of(plain, "likelihood", samples, digits)
    np.save(tmp_path / "small.npy", pictures(0, side=8))
    with pytest.raises(BadInput, match="small.npy' has images of 8×8×3, expected im"):
        ganjax.score(
            tmp_path / "small.npy", tmp_path / "small.npy", metrics=["wavelet"]
        )
