"""The accountant, against formulas."""

import json
import math
import sys
import types

import numpy as np
import pytest

from ganjax import privacy
from ganjax.errors import BadInput


def test_the_analytic_gaussian_mechanism_by_hand():
    """For σ = 1, Balle and Wang's δ(ε) at ε = 1 is Φ(−½) − e·Φ(−3/2) = 0.12693673…,
    from tables of Φ: 0.30853754 − 2.71828183·0.06680720."""
    delta = 0.30853754 - math.e * 0.06680720
    assert privacy.analytic_epsilon(1.0, delta) == pytest.approx(1.0, abs=1e-6)
    assert privacy.analytic_epsilon(100.0, 0.5) == 0


@pytest.mark.parametrize(("noise", "delta"), [(1.0, 1e-5), (4.0, 1e-5), (0.7, 1e-3)])
def test_one_full_batch_is_the_analytic_gaussian_mechanism(noise, delta):
    pytest.importorskip("dp_accounting")
    found = privacy.gaussian_epsilon(1.0, noise, 1, delta)
    assert found == pytest.approx(privacy.analytic_epsilon(noise, delta), rel=2e-3)


def test_full_batches_compose_as_less_noise():
    """T Gaussian mechanisms are one with the deviation σ/√T."""
    pytest.importorskip("dp_accounting")
    found = privacy.gaussian_epsilon(1.0, 8.0, 16, 1e-5)
    assert found == pytest.approx(privacy.analytic_epsilon(2.0, 1e-5), rel=2e-3)


def test_sampling_amplifies_privacy():
    pytest.importorskip("dp_accounting")
    whole = privacy.gaussian_epsilon(1.0, 1.0, 10, 1e-5)
    tenth = privacy.gaussian_epsilon(0.1, 1.0, 10, 1e-5)
    assert tenth < whole / 2
    assert privacy.gaussian_epsilon(0.1, 0.0, 10, 1e-5) == math.inf
    assert privacy.gaussian_epsilon(0.1, 1.0, 0, 1e-5) == 0


def test_one_label_is_two_laplace_mechanisms():
    """The total variation of two Laplace mechanisms is pure: 2λ bounds ε for every δ,
    and the bound of the moments accountant is larger for many labels."""
    pytest.importorskip("dp_accounting")
    assert privacy.vote_epsilon(0.1, 1, 1e-12) <= 0.2 * (1 + 1e-3)
    assert privacy.vote_epsilon(0.1, 1, 1e-12) > 0.19
    assert privacy.vote_epsilon(0.05, 400, 1e-5) <= privacy.moments_epsilon(
        0.05, 400, 1e-5
    )


def test_the_moments_bound_by_hand():
    """λ = 0.1, 100 labels, δ = e⁻¹⁰: 2(l + 1) + 10/l is smallest at l = √5, where it is
    2 + 4√5. The function tries multiples of ¼, so its bound is a little larger."""
    found = privacy.moments_epsilon(0.1, 100, math.exp(-10))
    assert 2 + 4 * math.sqrt(5) <= found < 10.95


def test_a_batch_that_overflows_is_improbable():
    assert privacy.overflow(64, 6366) < 1e-15
    assert privacy.overflow(40, 40) == 0


def run_of(game, rows, **options):
    state = types.SimpleNamespace(step=np.int32(100))
    optimizers = types.SimpleNamespace(
        discriminator=types.SimpleNamespace(updates_per_step=2)
    )

    class Config(dict):
        pass

    config = Config(options={"delta": 1e-5})
    config.game, config.optimizers, config.batch_size = game, optimizers, 100
    config.start = types.SimpleNamespace(workdir="")
    config.on_nonfinite, config.schedules = "halt", {}
    return types.SimpleNamespace(
        state=state, metrics=rows, config=config, path="there", **options
    )


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
    assert delta == pytest.approx(1e-5) and found.epsilon == 1.5
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


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"start": types.SimpleNamespace(workdir="other")}, "start.workdir=other"),
        ({"on_nonfinite": "rollback"}, "on_nonfinite=rollback: expected 'halt'"),
        (
            {"schedules": {"less": {"knobs": "options.*"}}},
            "schedules.less: expected a constant options.noise",
        ),
    ],
)
def test_what_the_accountant_does_not_count(change, problem):
    run = run_of("private_gan", [])
    vars(run.config).update(change)
    with pytest.raises(BadInput, match=problem):
        privacy.spent(run)


def test_without_dp_accounting_a_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "dp_accounting", None)
    with pytest.raises(BadInput, match='pip install "ganjax.privacy."'):
        privacy.gaussian_epsilon(0.1, 1.0, 10, 1e-5)
