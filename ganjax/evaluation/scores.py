"""Names of scores, and which direction of a score is better."""

from collections.abc import Iterable
from typing import Any

from ganjax.evaluation.evaluation_data import EvaluationData

# With this extractor the Fréchet and the kernel distance have special names.
INCEPTION = "inception"
_OF_INCEPTION = {"fd": "fid", "kd": "kid"}

LOWER, HIGHER = "lower", "higher"


def name_of(evaluation_data: EvaluationData, stem: str, count: int) -> str:
    """Return the name of a score, such as ``fd_small_cnn_mnist_5k``.

    Over Inception features the Fréchet distance ``fd`` is called ``fid``, and the
    kernel distance ``kd`` is called ``kid``: ``fid_5k``.

    Args:
      evaluation_data: has ``extractor``, which names the features. If it is ``None``,
        ``pictures`` chooses between ``pixels`` and ``points``.
      stem: the first part of the name, such as ``fd``.
      count: the number of samples; 5000 becomes ``5k``.
    """
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
      name: name of the score, such as ``fd_pixels_5k``. Its stem ``fd`` decides. If
        several stems fit, the longest decides.
      evaluators: classes and measures. They list their stems in ``lower``, ``higher``
        or ``neither``.

    Returns:
      ``None`` if neither is better, or if no stem fits. Neither is better for a floor,
      which is the score of held-out samples.
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
