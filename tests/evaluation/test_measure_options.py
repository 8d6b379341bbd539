"""Options of measures: neighbours, subsets and parts."""

import json

import numpy as np
import pytest

import ganjax
from ganjax.commands import score
from ganjax.data import Arrays, Source, Spec
from ganjax.errors import BadInput
from ganjax.evaluation import Evaluation, EvaluationData, Side
from ganjax.evaluation.measures import MEASURES
from ganjax.metrics import density_coverage
from ganjax.metrics.kernel import squared_discrepancy
from ganjax.report.comparison import differing_fields
from tests import tiny


def test_subsets_of_the_kernel_distance():
    """By default a subset is half of the smaller set, at most 1,000. One subset that is
    both whole sets is the estimate from all pairs of samples, in any order. A subset of
    all samples has no spread: it would be the spread of the other set alone."""
    rng = np.random.default_rng(0)
    real, other = rng.normal(size=(600, 3)), rng.normal(0.5, size=(200, 3))
    sides = [Side(x, None, None) for x in (real, other)]
    kernel = MEASURES["kernel"]

    def found(sides=sides, **options):
        return dict(kernel.with_options(options).compare(*sides))

    whole = found([Side(x[:200], None, None) for x in (real, other)], subset_size=200)
    assert whole == {"kd": pytest.approx(squared_discrepancy(real[:200], other))}
    assert found() == found(subset_size=100) != found(subset_size=99)
    assert found()["kd_std"] > 0 and list(found(subset_size=200)) == ["kd"]
    assert list(found(subsets=1)) == ["kd"]
    many = [Side(np.resize(x, (2500, 3)), None, None) for x in (real, other)]
    assert found(many, subsets=2) == found(many, subsets=2, subset_size=1000)


def test_options_of_measures_are_in_the_protocol():
    """Default values are not, so scores with them keep their protocol. What a measure
    needs follows from its options."""
    setup = tiny.setup("gan")
    names = ["kernel", "precision_recall", "density_coverage"]
    points = Arrays(np.eye(12, dtype=np.float32), np.zeros(12, np.int32))
    source = Source(Spec("points", (12,)), points, points)
    data = EvaluationData(setup.sampler, source, samples=100, seed=0)

    def made(**options):
        return Evaluation(data, names, setup.model, options)

    usual = made().protocol(1)
    assert made(kernel={"subsets": 100}).protocol(1) == usual
    other = made(kernel={"subsets": 7}, precision_recall={"k": 2}).protocol(1)
    assert other == usual | {"kernel.subsets": 7, "precision_recall.k": 2}
    assert differing_fields(usual, other) == [
        "kernel.subsets is null and 7", "precision_recall.k is null and 2",
    ]  # fmt: skip
    for name, options, said in (
        ("kernel", {"subset_size": 13}, "12 training samples, expected at least 13"),
        ("kernel", {"subset_size": 1}, "kernel.subset_size=1: expected 0, or at least"),
        ("precision_recall", {"k": 12}, "12 training samples, expected at least 13"),
        ("density_coverage", {"k": 12}, "12 training samples, expected at least 13"),
    ):
        with pytest.raises(BadInput, match=f"names='{name}': {said}"):
            made(**{name: options})


def test_neighbours_and_parts_are_options():
    """On a line, the ball around 0 in {0, 1, 3, 6} has the radius 1 with k = 1, 3 with
    k = 2, 6 with k = 3. The fake −2 is inside of that ball from k = 2 on. With one part
    the Inception score has one marginal: two sure samples of two classes give 2, and
    two parts of one sample give 1."""
    real = Side(np.array([[0.0], [1], [3], [6]]), None, None)
    fake = Side(np.full((4, 1), -2.0), None, None)
    precision = [
        dict(MEASURES["precision_recall"].with_options({"k": k}).compare(real, fake))
        for k in (1, 2, 3)
    ]
    assert [x["precision"] for x in precision] == [0, 1, 1]
    # Density: the number of real balls around a fake, over k. With k = 2 the radii are
    # 3, 2, 3, 5 and only the first ball holds −2; with k = 3 they are 6, 5, 3, 6.
    density = [
        dict(MEASURES["density_coverage"].with_options({"k": k}).compare(real, fake))
        for k in (1, 2, 3)
    ]
    assert [x["density"] for x in density] == pytest.approx([0, 1 / 2, 2 / 3])
    fake.__dict__["_seen"] = fake.data[:2], np.eye(2)
    score = MEASURES["inception_score"]
    for splits, value in ((1, 2), (2, 1)):
        found = dict(score.with_options({"splits": splits}).compare(real, fake))
        assert found["is"] == pytest.approx(value)
        assert ("is_std" in found) == (splits > 1)


def test_options_of_scores_of_anything(tmp_path):
    """The flag has the score of the function, and the protocol has the option."""
    x, y = np.random.default_rng(0).normal(size=(2, 60, 2))
    for name, points in (("x", x), ("y", y)):
        np.save(tmp_path / f"{name}.npy", points)
    paths = [str(tmp_path / f"{name}.npy") for name in "xy"]
    flags = ["--metrics=density_coverage,kernel", "--density_coverage.k=9"]
    file = tmp_path / "scores.json"
    assert score.main([*paths, *flags, f"--json={file}"]) == 0
    found = json.loads(file.read_text())
    for name, value in density_coverage(x, y, k=9).items():
        assert found["scores"][f"{name}_points_60"] == value
    assert found["protocol"]["density_coverage.k"] == 9
    assert "kernel.subsets" not in found["protocol"]
    both = ganjax.score(*paths, metrics=["kernel"], options={"kernel.subset_size": 60})
    exact = squared_discrepancy(x, y)
    assert both["scores"] == {"kd_points_60": pytest.approx(exact)}
