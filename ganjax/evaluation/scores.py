"""Names of scores, and which direction of a score is better."""

from collections.abc import Iterable
from typing import Any

from ganjax.evaluation.evaluation_data import EvaluationData

# With this extractor the Fréchet and the kernel distance have special names.
INCEPTION = "inception"
_OF_INCEPTION = {"fd": "fid", "kd": "kid"}

LOWER, HIGHER = "lower", "higher"


def name_of(evaluation_data: EvaluationData, stem: str, count: int) -> str:
    """Return the name of a score: its stem, its features, its number of samples."""
    amount = f"{count // 1000}k" if count % 1000 == 0 else str(count)
    if evaluation_data.extractor is None:
        features = "pixels" if evaluation_data.pictures else "points"
    else:
        features = evaluation_data.extractor.name
    if features == INCEPTION and _over_inception(stem) != stem:
        return f"{_over_inception(stem)}_{amount}"
    return f"{stem}_{features}_{amount}"


def _over_inception(stem):
    first, *rest = stem.split("_")
    return "_".join([_OF_INCEPTION.get(first, first), *rest])


def direction_of(name: str, evaluators: Iterable[Any]) -> str | None:
    """Return which values of a score are better, ``'lower'`` or ``'higher'``.

    Args:
      name: name of the score. The longest declared stem that begins the name decides.
      evaluators: classes and measures, which declare stems as ``lower``, ``higher`` or
        ``neither``.

    Returns:
      ``None`` if neither is better, as for a floor, or if no declared stem matches.
    """
    if name.endswith("_floor"):
        return None
    found = {}
    for evaluator in evaluators:
        for direction in (LOWER, HIGHER, "neither"):
            for stem in getattr(evaluator, direction, ()):
                found[stem] = found[_over_inception(stem)] = direction
    begin = [x for x in found if name == x or name.startswith(f"{x}_")]
    direction = found[max(begin, key=len)] if begin else None
    return direction if direction in (LOWER, HIGHER) else None
