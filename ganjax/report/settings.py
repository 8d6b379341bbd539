"""Comparison of two settings of a sweep, in pairs of trials, with a test and an effect.

A setting is a choice of trials by values of config fields. The two trials of a pair
have the same values of all other fields that the sweep sets, such as the seed.
"""

import math

from ganjax.errors import BadInput, nearest
from ganjax.report.axes import format_number
from ganjax.report.comparison import differing_fields
from ganjax.report.statistics import difference
from ganjax.report.sweep_records import SweepRecords, TrialRecords


def compare_settings(
    first: tuple[SweepRecords, str], second: tuple[SweepRecords, str]
) -> str:
    """Return a table with a row for each score: the mean difference of two settings,
    its interval, the p-value of a permutation test, the effect size, and the number of
    pairs.

    Args:
      first, second: a sweep, and a setting ``'FIELD=VALUE,…'`` that selects trials (all
        if it is empty). Trials that agree in every other field are paired.

    Raises:
      BadInput: a setting is malformed or has no trial, there are fewer than two pairs,
        or the protocols of a pair (how its scores were computed) differ.
    """
    ours, theirs = _chosen(*first), _chosen(*second)
    pairs = [(ours[rest], theirs[rest]) for rest in ours if rest in theirs]
    for a, b in pairs:
        if found := differing_fields(a.protocol, b.protocol):
            raise BadInput(
                f"scores with different protocols are not compared: {', '.join(found)}"
            )
    names = [
        name
        for name in dict.fromkeys(first[0].score_names + second[0].score_names)
        if any(name in a.scores and name in b.scores for a, b in pairs)
    ]
    lines = [f"{'':34}{'difference':>12}{'interval':>24}{'p':>9}{'d':>8}{'pairs':>7}"]
    for name in names:
        values = [
            (a.scores[name], b.scores[name])
            for a, b in pairs
            if name in a.scores and name in b.scores
        ]
        values = [pair for pair in values if all(map(math.isfinite, pair))]
        if len(values) < 2:
            continue
        found = difference(*zip(*values, strict=True))
        mean = found.mean
        interval = f"[{format_number(mean.low)}, {format_number(mean.high)}]"
        lines.append(
            f"{name:34}{format_number(mean.mean):>12}{interval:>24}"
            f"{found.p:>9.2g}{format_number(found.effect):>8}{mean.n:>7}"
        )
    if len(lines) == 1:
        raise BadInput(
            f"--compare: expected at least two pairs of finished trials that differ "
            f"only in '{first[1]}' and '{second[1]}', found {len(pairs)}"
        )
    lines.append(
        f"first minus second; p: paired permutation test; d: mean in standard "
        f"deviations of the differences; {len(ours) + len(theirs) - 2 * len(pairs)} "
        f"trials have no pair"
    )
    return "\n".join(lines)


def _chosen(records: SweepRecords, setting: str) -> dict[tuple, TrialRecords]:
    """Return the trials of a setting, keyed by the other fields of their points."""
    wanted = {}
    for part in filter(None, setting.split(",")):
        field, equals, value = part.partition("=")
        if not equals:
            raise BadInput(f"--compare='{setting}': expected FIELD=VALUE,…")
        wanted[field.strip()] = value.strip()
    fields = {field for trial in records.trials for field in trial.point}
    for field, value in wanted.items():
        if field not in fields:
            raise BadInput(
                f"--compare='{setting}': no trial sets {field}{nearest(field, fields)}"
            )
        values = {t.point[field] for t in records.trials if field in t.point}
        if value not in values:
            raise BadInput(
                f"--compare='{setting}': expected {field} to be one of "
                f"{', '.join(sorted(values))}{nearest(value, values)}"
            )
    return {
        tuple(sorted((k, v) for k, v in t.point.items() if k not in wanted)): t
        for t in records.trials
        if all(t.point.get(field) == value for field, value in wanted.items())
    }
