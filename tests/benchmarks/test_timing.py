"""Order of windows, medians, ratios and overlap, against values by hand."""

import pytest

from benchmarks import timing
from benchmarks.record import Part


def test_windows_alternate_in_both_orders():
    assert "".join(timing.turns("AB", 4)) == "ABBAABBA"
    assert "".join(timing.turns("ABC", 3)) == "ABCCBAABC"


def test_seconds_are_of_a_unit_and_windows_are_filled():
    now, order = [0.0], []

    def contender(name, seconds, units):
        def run(calls):
            order.append((name, calls))
            now[0] += calls * seconds

        return timing.Contender(name, run, units)

    samples = timing.compare(
        [contender("A", 2.0, 4), contender("B", 0.25, 1)],
        timing.Windows(count=2, seconds=1.0),
        clock=lambda: now[0],
    )
    assert samples == {"A": [0.5, 0.5], "B": [0.25, 0.25]}
    # One warm-up call, one to time it, then windows of one call of A or four of B.
    assert order == [
        ("A", 1), ("A", 1), ("B", 1), ("B", 1), ("A", 1), ("B", 4), ("B", 4), ("A", 1),
    ]  # fmt: skip


def test_ratio_and_overlap():
    a, b = [1.0, 2.0, 6.0], [4.0, 5.0, 8.0]
    assert timing.median_ratio(b, a) == 2.5
    assert timing.ratio_range(b, a) == (4 / 6, 8.0)
    assert timing.overlap(a, b) and timing.overlap(b, a)
    assert not timing.overlap([1.0, 2.0], [2.5, 3.0])
    assert timing.overlap([1.0, 2.0], [2.0, 3.0])


def test_a_part_knows_which_way_is_better():
    part = Part("", "s", {"quick": [1.0, 1.0], "slow": [3.0, 3.0]})
    part.faster("quick", "slow", must=2)
    part.costs("slow", "quick", must=2)
    faster, costs = part.to_json()["ratios"]
    assert (faster["value"], faster["bound"]) == (3.0, "least")
    assert (costs["value"], costs["bound"]) == (3.0, "most")
    assert not faster["overlap"]
    assert part.to_json()["measured"]["slow"]["median"] == pytest.approx(3.0)
