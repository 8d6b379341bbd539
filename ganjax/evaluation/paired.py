"""The difference between the scores of two sets of samples, with an interval.

Both sets are compared with one reference, which is fixed. The scores are computed again
for random halves of the two sets. A half takes the same rows of each set. The spread of
these scores gives the interval. To first order, it is the spread of an estimate from
all samples (the jackknife that deletes half: Shao & Wu 1989, Annals of Statistics
17:1176, with d = n/2).

Halves are drawn without replacement. A bootstrap would repeat samples, and a repeated
sample is its own nearest neighbour. This shrinks the balls of recall to radius 0, and
it biases the kernel distance.
"""

import warnings

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.evaluation.compared import Measure
from ganjax.evaluation.set_features import chosen
from ganjax.evaluation.side import Side

LEVEL = 0.95


def differences(
    measure: Measure, real: Side, one: Side, other: Side, *, resamples: int, seed: int
) -> dict[str, dict[str, float]]:
    """Return the score of ``one`` minus the score of ``other``, with a 95 % interval.

    Spreads and interval ends, which are neither better when lower nor when higher, are
    left out.

    Args:
      measure: the measure that computes the scores.
      real: the reference with which both sets are compared.
      one, other: equally many samples. If sample i of both comes from the same latent,
        the interval uses their correlation.
      resamples: the number of random halves, at least 2.
      seed: seed of the halves.

    Returns:
      stem of a score (such as ``fd``) -> ``{'difference', 'low', 'high'}``. ``low`` and
      ``high`` are the ends of the interval.

    Raises:
      Uncomputable: half of the samples are too few for the measure.
    """
    count = len(one)
    half = count // 2
    least = measure.fewest[1]
    if half < least:
        raise Uncomputable(
            f"halves of {half} samples for the interval, expected at least {least}"
        )
    whole = _difference(measure, real, one, other)
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {stem: [] for stem in whole}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the sizes of the halves
        for _ in range(resamples):
            rows = rng.choice(count, half, replace=False)
            parts = chosen(one, rows), chosen(other, rows)
            for stem, value in _difference(measure, real, *parts).items():
                found[stem].append(value)
    ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    # 1, if the number of samples is even.
    scale = np.sqrt(half / (count - half))
    intervals = {}
    for stem, value in whole.items():
        spread = scale * (np.array(found[stem]) - np.mean(found[stem]))
        low, high = value - np.quantile(spread, ends[::-1])
        intervals[stem] = {
            "difference": value, "low": float(low), "high": float(high)
        }  # fmt: skip
    return intervals


def _difference(measure, real, one, other):
    a, b = (_estimates(measure, real, side) for side in (one, other))
    return {stem: a[stem] - b[stem] for stem in a}


def _estimates(measure, real, other):
    """Return the scores with a direction. A measure is a generator: if its spreads come
    last, they are not computed."""
    wanted, found = {*measure.lower, *measure.higher}, {}
    for stem, value in measure.compare(real, other):
        if stem in wanted:
            found[stem] = float(value)
        if len(found) == len(wanted):
            break
    return found
