"""The protocol of a score: the record of all facts that change the score.

Two scores are comparable if their protocols differ only in ``step``, ``seed`` or
``ganjax`` (the version of this library).
"""

from collections.abc import Mapping
from typing import Any

import ganjax
from ganjax.data.alpha import has_alpha
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.model import PRECISION


def stated(evaluators: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of evaluators whose values are not the defaults.

    Args:
      evaluators: name -> evaluator or measure.

    Returns:
      ``NAME.OPTION`` -> value, such as ``{'kernel.subsets': 50}``.
    """
    return {
        f"{name}.{option}": value
        for name, evaluator in evaluators.items()
        for option, value in getattr(evaluator, "stated", {}).items()
    }


def protocol_of(evaluation_data: EvaluationData, step: int) -> dict[str, Any]:
    """Return the protocol of the scores of one model, for JSON: data, features,
    sampling, step and the version of this library.

    The options of measures are not in it. ``stated`` returns them.

    Args:
      evaluation_data: the samples that the evaluators use.
      step: the training step of the model.
    """
    extractor, sampling = evaluation_data.extractor, evaluation_data.sampling
    sizes = evaluation_data.sizes
    # Only some data and games have these fields, so other protocols keep their fields.
    mixes = extractor and has_alpha(evaluation_data.source.spec.shape)
    some: dict[str, Any] = {"alpha": "on white"} if mixes else {}
    if "restore" in evaluation_data.sampler.abilities:
        some["border"] = evaluation_data.border  # of scores of luma
    if masking := evaluation_data.sampler.masking:
        some["masks"] = dict(masking.about)
    if sampling.classes:
        names = evaluation_data.source.spec.classes
        some["classes"] = [names[label] for label in sampling.classes]
    return {
        "data": evaluation_data.source.spec.name,
        "reference": "train",  # the split that samples are compared with
        "real": sizes["training"],
        "held_out": sizes["held-out"],  # the samples of floors
        "fake": evaluation_data.samples,
        "extractor": extractor.name if extractor else "none",
        "weights": extractor.digest if extractor else "none",
        "resize": extractor.resize if extractor else "none",
        "values": "256 values a channel" if extractor else "float32",
        **some,
        "parameters": "averaged",
        "precision": PRECISION,
        "statistics": sampling.statistics,
        "truncation": sampling.truncation,
        "step": step,
        "seed": evaluation_data.seed,
        "ganjax": ganjax.__version__,
    }
