"""What evaluators need of their samples, checked before a run begins.

Only sizes, the labels of the samples to score, and the features of two images are
read. A need that is not met
raises ``Uncomputable``.
"""

import warnings

import numpy as np

from ganjax.errors import Uncomputable, shape_text
from ganjax.evaluation.evaluation_data import EvaluationData

FEW_HELD_OUT = 500


def need_samples(
    evaluation_data: EvaluationData,
    *,
    training: int = 0,
    held_out: int = 0,
    generated: int = 0,
) -> None:
    """Raise ``Uncomputable`` unless each set has the given number of samples."""
    wanted = {"generated": generated, "training": training, "held-out": held_out}
    for name, count in evaluation_data.sizes.items():
        if count < wanted[name]:
            raise Uncomputable(_too_few(evaluation_data, name, count, wanted[name]))


def warn_of_few_held_out(evaluation_data: EvaluationData) -> None:
    """Warn if there are so few held-out samples that a floor is mostly noise."""
    count = evaluation_data.sizes["held-out"]
    if count < FEW_HELD_OUT:
        warnings.warn(
            f"{count} held-out samples, fewer than {FEW_HELD_OUT}: a floor of so few "
            f"samples is noisy, and biased for a Fréchet distance",
            stacklevel=2,
        )


def need_narrow(evaluation_data: EvaluationData, widest: int) -> None:
    """Raise ``Uncomputable`` if there is no extractor, and a sample has more values
    than a measure can use as features."""
    shape = evaluation_data.source.spec.shape
    values = int(np.prod(shape))
    if evaluation_data.extractor is None and values > widest:
        raise Uncomputable(
            f"{values} values of samples of {shape_text(shape)} as features: expected "
            f"at most {widest}, or an extractor (evaluation.extractor)"
        )


def need_labels(evaluation_data: EvaluationData) -> None:
    """Raise ``Uncomputable`` unless data and generated samples have labels."""
    if not evaluation_data.labelled or not evaluation_data.source.spec.classes:
        raise Uncomputable(
            "expected data with classes and a game that generates by label, "
            "such as game='conditional_gan'"
        )


def need_of_each_class(evaluation_data: EvaluationData, least: int) -> None:
    """Raise ``Uncomputable`` unless each class of the training samples has the given
    number of training, held-out and generated samples. This reads the labels."""
    names = evaluation_data.source.spec.classes
    label = {
        "training": evaluation_data.train.label,
        "held-out": evaluation_data.test.first(evaluation_data.samples).label,
        "generated": np.asarray(
            evaluation_data.sampler.labels(evaluation_data.samples)
        ),
    }
    counts = {k: np.bincount(x, minlength=len(names)) for k, x in label.items()}
    for at in np.flatnonzero(counts["training"]):
        for name, count in counts.items():
            if count[at] < least:
                said = _too_few(evaluation_data, name, count[at], least)
                raise Uncomputable(said.replace(",", f" of class '{names[at]}',"))


def need_features(evaluation_data: EvaluationData) -> None:
    """Check that the extractor accepts the data. Without an extractor, do nothing.

    Raises:
      Uncomputable: the data are not images, or there is no held-out image.
      BadInput: the extractor does not accept the size or the channels of the images.
    """
    if evaluation_data.extractor is None:
        return
    if not evaluation_data.pictures:
        name, data = evaluation_data.extractor.name, evaluation_data.source.spec.name
        raise Uncomputable(
            f"expected images with evaluation.extractor='{name}', but "
            f"data.name='{data}' has points"
        )
    need_samples(evaluation_data, held_out=1)
    _ = evaluation_data.glance.features


def need_pictures(evaluation_data: EvaluationData, least: int) -> None:
    """Raise ``Uncomputable`` unless the data are images with sides of ``least`` pixels
    or more."""
    spec = evaluation_data.source.spec
    if not evaluation_data.pictures:
        raise Uncomputable(f"expected images, but data.name='{spec.name}' has points")
    if min(spec.shape[:2]) < least:
        raise Uncomputable(
            f"images of {shape_text(spec.shape)}, expected at least {least} pixels on "
            f"each side"
        )


def need_probabilities(evaluation_data: EvaluationData) -> None:
    """Raise ``Uncomputable`` unless the extractor has classes."""
    extractor = evaluation_data.extractor
    if extractor is None or evaluation_data.glance.probabilities is None:
        raise Uncomputable("expected an extractor with classes")


def _too_few(evaluation_data, name, count, least):
    noun = "image" if evaluation_data.pictures else "sample"
    plural = "" if count == 1 else "s"
    return f"{count} {name} {noun}{plural}, expected at least {least}"
