"""The accountant, against formulas."""

import json
import math
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from ml_collections import ConfigDict

from ganjax import privacy
from ganjax.errors import BadInput
from ganjax.training.history import add_start


def analytic_epsilon(noise: float, delta: float) -> float:
    """Return ε of one Gaussian mechanism with sensitivity 1 (Balle & Wang 2018, arXiv
    1805.06530, theorem 8): the ε at which Φ(1/2σ − εσ) − exp(ε)·Φ(−1/2σ − εσ) = δ."""
    from scipy.optimize import brentq
    from scipy.special import log_ndtr, ndtr

    def excess(epsilon):
        high, low = (
            1 / (2 * noise) - epsilon * noise,
            -1 / (2 * noise) - epsilon * noise,
        )
        return ndtr(high) - math.exp(epsilon + float(log_ndtr(low))) - delta

    if excess(0.0) <= 0:
        return 0.0
    most = 1.0
    while excess(most) > 0:
        most *= 2
    return float(brentq(excess, 0.0, most, xtol=1e-12))


def test_the_analytic_gaussian_mechanism_by_hand():
    """For σ = 1, Balle and Wang's δ(ε) at ε = 1 is Φ(−½) − e·Φ(−3/2) = 0.12693673…,
    from tables of Φ: 0.30853754 − 2.71828183·0.06680720."""
    delta = 0.30853754 - math.e * 0.06680720
    assert analytic_epsilon(1.0, delta) == pytest.approx(1.0, abs=1e-6)
    assert analytic_epsilon(100.0, 0.5) == 0


@pytest.mark.parametrize(("noise", "delta"), [(1.0, 1e-5), (4.0, 1e-5), (0.7, 1e-3)])
def test_one_full_batch_is_the_analytic_gaussian_mechanism(noise, delta):
    pytest.importorskip("dp_accounting")
    found = privacy.gaussian_epsilon(1.0, noise, 1, delta)
    assert found == pytest.approx(analytic_epsilon(noise, delta), rel=2e-3)


def test_full_batches_compose_as_less_noise():
    """T Gaussian mechanisms are one with the deviation σ/√T."""
    pytest.importorskip("dp_accounting")
    found = privacy.gaussian_epsilon(1.0, 8.0, 16, 1e-5)
    assert found == pytest.approx(analytic_epsilon(2.0, 1e-5), rel=2e-3)


def test_sampling_amplifies_privacy():
    pytest.importorskip("dp_accounting")
    whole = privacy.gaussian_epsilon(1.0, 1.0, 10, 1e-5)
    tenth = privacy.gaussian_epsilon(0.1, 1.0, 10, 1e-5)
    assert tenth < whole / 2
    assert privacy.gaussian_epsilon(0.1, 0.0, 10, 1e-5) == math.inf
    assert privacy.gaussian_epsilon(0.1, 1.0, 0, 1e-5) == 0


def test_a_label_is_a_laplace_mechanism():
    """A Laplace mechanism of the scale 1/λ is pure: λ bounds ε for every δ. For many
    labels ε is at most the bound of advanced composition, √(2k log 1/δ)·λ + kλ(exp(λ) −
    1) (Dwork & Roth 2014, theorem 3.20)."""
    pytest.importorskip("dp_accounting")
    assert 0.095 < privacy.vote_epsilon(0.1, 1, 1e-12) <= 0.1 * (1 + 1e-3)
    many, rate, delta = 400, 0.05, 1e-5
    bound = math.sqrt(2 * many * math.log(1 / delta)) * rate
    bound += many * rate * (math.exp(rate) - 1)
    assert 0.5 * bound < privacy.vote_epsilon(rate, many, delta) <= bound


def test_a_batch_that_overflows_is_improbable():
    assert privacy.overflow(64, 6366) < 1e-15
    assert privacy.overflow(40, 40) == 0


def run_of(game, rows, path=Path("there"), **changes):
    state = types.SimpleNamespace(step=np.int32(100))
    stated = {
        "game": game, "batch_size": 100, "schedules": {},
        "data": {"name": "digits", "classes": ()},
        "options": {"delta": 1e-5},
        "optimizers": {"discriminator": {"updates_per_step": 2}},
    }  # fmt: skip
    config = ConfigDict({**stated, **changes})
    return types.SimpleNamespace(state=state, metrics=rows, config=config, path=path)


def test_the_numbers_are_those_that_the_run_logged(monkeypatch):
    seen = []

    def epsilon(*numbers):
        seen.append(numbers)
        return 1.5

    monkeypatch.setattr(privacy, "gaussian_epsilon", epsilon)
    monkeypatch.setattr(privacy, "vote_epsilon", epsilon)
    rows = [
        {"step": 50, "discriminator/rate": 0.1, "discriminator/noise": 1.5},
        {"step": 100, "discriminator/rate": 0.1, "discriminator/noise": 1.0},
        {"step": 150, "discriminator/rate": 0.1, "discriminator/noise": 0.1},
    ]
    found = privacy.spent(run_of("private_gan", rows))
    rate, noise, steps, delta = seen[0]
    assert (rate, noise, steps) == (0.1, 1.0, 200)
    assert delta == pytest.approx(1e-5, rel=2e-3) and found.epsilon == 1.5
    rows = [{"step": 9, "discriminator/labels": 32.0, "discriminator/vote_rate": 0.1}]
    privacy.spent(run_of("pate_gan", rows))
    assert seen[1] == (0.1, 32 * 200, 1e-5)
    assert json.dumps(found.about)


@pytest.mark.parametrize(
    ("game", "rows", "problem"),
    [
        ("gan", [], "expected a run of game='private_gan'"),
        ("private_gan", [], "expected rows with discriminator/rate"),
    ],
)
def test_what_has_no_guarantee(game, rows, problem):
    with pytest.raises(BadInput, match=problem):
        privacy.spent(run_of(game, rows))


def test_what_the_accountant_does_not_count(tmp_path):
    less = {"less": {"knobs": "options.*"}}
    with pytest.raises(BadInput, match="schedules.less: expected a constant options.n"):
        privacy.spent(run_of("private_gan", [], schedules=less))
    run = run_of("private_gan", [], tmp_path)
    before = {**run.config.to_dict(), "batch_size": 50}
    add_start(tmp_path / "history.jsonl", 0, {"config": before})
    add_start(tmp_path / "history.jsonl", 60, {"config": run.config.to_dict()})
    same = run_of("private_gan", [], tmp_path / "same")
    (tmp_path / "same").mkdir()
    add_start(tmp_path / "same" / "history.jsonl", 0, {"config": same.config.to_dict()})
    with pytest.raises(BadInput, match="expected rows with discriminator/rate"):
        privacy.spent(same)
    with pytest.raises(BadInput, match="batch_size: expected no change since step 0, b"
                       "ut it was 50 at step 0"):  # fmt: skip
        privacy.spent(run)


def test_a_full_array_is_part_of_delta(monkeypatch):
    """With ε = 3 a full array of probability 1e-8 adds 2.1e-7 to δ = 1e-5, which is
    more than the thousandth that is kept for it."""
    rows = [{"step": 50, "discriminator/rate": 0.1, "discriminator/noise": 1.5}]
    monkeypatch.setattr(privacy, "gaussian_epsilon", lambda *_: 3.0)
    assert privacy.spent(run_of("private_gan", rows)).epsilon == 3
    monkeypatch.setattr(privacy, "overflow", lambda *_: 1e-8 / 200)
    with pytest.raises(BadInput, match="options.delta=1e-05: expected at least 1,000"):
        privacy.spent(run_of("private_gan", rows))


def test_without_dp_accounting_a_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "dp_accounting", None)
    with pytest.raises(BadInput, match='pip install "ganjax.privacy."'):
        privacy.gaussian_epsilon(0.1, 1.0, 10, 1e-5)
