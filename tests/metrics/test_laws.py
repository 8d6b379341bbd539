"""The laws of the scores of features: each cell of the table in docs/scores.md.

A cell states what becomes of a score if both sets change in the same way. ``=``: it
stays; ``× s``, ``× s²``: it grows with the scale s; ``other``: no such law holds, which
an example shows.
"""

import functools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ganjax.evaluation import EVALUATORS, Side
from ganjax.metrics import memorisation

DOCUMENT = Path(__file__).parents[2] / "docs/scores.md"
FACTORS = {"=": lambda s: 1, "× s": lambda s: s, "× s²": lambda s: s**2}


def laws():
    """Return the rows of the table: (score, law, cell)."""
    lines = DOCUMENT.read_text(encoding="utf-8").split("## Laws", 1)[1].splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    head, _, *body = rows
    return [
        (row[0].strip("`"), law, cell.strip())
        for row in body
        for law, cell in zip(head[1:], row[1:], strict=True)
    ]


def value(score, real, fake, more):
    """Return a score of float64 features, ``[n, D]`` each."""
    if score in ("copied", "copying_z"):
        return memorisation(fake, real, more)[score]
    for name in (
        "frechet", "frechet_infinity", "kernel", "precision_recall",
        "density_coverage", "curves", "sliced", "diversity", "authenticity", "cmmd",
        "mind",
    ):  # fmt: skip
        measure = EVALUATORS[name]
        if score in (*measure.lower, *measure.higher, *measure.neither):
            return compared(name, real.tobytes(), fake.tobytes(), real.shape[1])[score]
    raise KeyError(score)


@functools.cache
def compared(name, real, fake, width):
    """Return all scores of a measure. Several cells of the table use the same sets."""
    sides = (
        Side(np.frombuffer(x).reshape(-1, width), None, None) for x in (real, fake)
    )
    return dict(EVALUATORS[name].compare(*sides))


def changed(law, sets, rng, scale):
    """Return the sets after the change that a column of the table names."""
    width = sets[0].shape[1]
    if law == "order of samples":
        return [x[rng.permutation(len(x))] for x in sets]
    if law == "scale s":
        return [scale * x for x in sets]
    if law == "rotation":
        turn, _ = np.linalg.qr(rng.standard_normal((width, width)))
        return [x @ turn for x in sets]
    if law == "each sample twice":
        return [np.concatenate([x, x]) for x in sets]
    assert law == "translation"
    shift = rng.standard_normal(width)
    return [x + shift for x in sets]


def drawn(rng, width):
    """Return training, generated and held-out features that differ a little."""
    counts = rng.integers(20, 40, 3)
    sets = [rng.standard_normal((n, width)) for n in counts]
    sets[1] = 1.3 * sets[1] + 0.4
    return sets


def breaks_each_law(score, law, seed):
    rng = np.random.default_rng(seed)
    sets = drawn(rng, 4)
    before = value(score, *sets)
    after = value(score, *changed(law, sets, rng, 4.0))
    return all(
        abs(after - factor(4.0) * before) > 1e-6 * abs(before)
        for factor in FACTORS.values()
    )


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "score, law, cell", laws(), ids=lambda text: text.replace(" ", "_")
)
def test_a_law_of_a_score(score, law, cell):
    if cell == "other":
        assert any(breaks_each_law(score, law, seed) for seed in range(20))
        return

    # Powers of two scale without rounding, so the order of two distances stays.
    @settings(max_examples=4, deadline=None, derandomize=True)
    @given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(-3, 3))
    def holds(seed, width, power):
        rng, scale = np.random.default_rng(seed), 2.0**power
        sets = drawn(rng, width)
        before = value(score, *sets)
        assume(np.isfinite(before))
        after = value(score, *changed(law, sets, rng, scale))
        expected = FACTORS[cell](scale) * before
        assert after == pytest.approx(expected, rel=1e-7, abs=1e-9)

    holds()


def test_the_table_has_all_scores_and_laws():
    found = laws()
    assert len(found) == len({x[:2] for x in found}) == 5 * 16
    assert {cell for *_, cell in found} == {*FACTORS, "other"}
