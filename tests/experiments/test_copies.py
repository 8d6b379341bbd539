"""The experiment of memorisation on samples whose scores are known."""

import numpy as np
import pytest

from experiments.memorisation import CLAIMS, SIZES, figure, scores, values
from experiments.reproduction import paper_style


def normal(seed, count=400):
    return np.random.default_rng(seed).standard_normal((count, 4, 4, 1))


def test_copies_of_the_training_images_are_found():
    train, held_out = normal(0), normal(1)
    found = scores(train, train, held_out)
    assert found["copied"] == 1 and found["authenticity"] == 0
    assert found["membership"] == 1  # each training image is at distance 0


def test_new_samples_score_as_the_held_out_images_do():
    found = scores(normal(2, 4000), normal(0), normal(1, 4000))
    assert found["copied_floor"] == pytest.approx(0.01, abs=1e-3)
    # Standard errors: √(0.01 / 4000) for both shares, and 0.5 / √4000 twice.
    assert found["copied"] == pytest.approx(0.01, abs=0.007)
    assert found["authenticity"] == pytest.approx(found["authenticity_floor"], abs=0.04)
    # The standard error of an AUROC of 400 and 4,000 is 0.5 / √(3 · 400).
    assert found["membership"] == pytest.approx(0.5, abs=0.05)


def test_samples_of_noise_cover_nothing():
    found = scores(10 + normal(2), normal(0), normal(1))
    assert found["coverage"] == 0 and found["copied"] == 0


def results(**few):
    """Results of five seeds, in which the sizes differ in one score."""
    row = {
        "copied": 0.01, "copied_floor": 0.01, "authenticity": 0.5, "coverage": 0.9,
        "authenticity_floor": 0.5, "membership": 0.5, "membership_critic": 0.5,
    }  # fmt: skip
    runs = [
        {"images": size, "seed": seed, "state": "finished", **row}
        | (few if size == SIZES[0] else {})
        for size in SIZES
        for seed in range(5)
    ]
    picture = np.zeros((12, 8, 8)).tolist()
    shown = {str(size): {"samples": picture, "nearest": picture} for size in SIZES}
    return {"runs": runs, "pictures": shown}


def test_claims_hold_for_a_gan_that_copies_few_images_alone():
    copying = {"copied": 0.9, "authenticity": 0.1, "membership": 1.0}
    found = results(**copying, membership_critic=1.0)
    assert all(claim.judged(found, "quick")["passed"] for claim in CLAIMS)
    found = results(**copying | {"copied": 0.49}, membership_critic=1.0)
    failed = [c for c in CLAIMS if not c.judged(found, "quick")["passed"]]
    assert failed == [CLAIMS[0]]


def test_a_run_that_diverged_has_no_scores():
    found = results()
    found["runs"][0] = {"images": SIZES[0], "seed": 0, "state": "failed"}
    assert np.isnan(values(found, SIZES[0], "copied")[0])
    assert not CLAIMS[0].judged(found, "quick")["passed"]


def test_the_figure_needs_the_results_alone():
    found = results()
    del found["pictures"]["0"]
    with paper_style():
        drawn = figure(found)
    assert len(drawn.axes) == 8
