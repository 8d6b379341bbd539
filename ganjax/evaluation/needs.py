"""What evaluators need of their samples, checked before a run begins.

Only sizes, the labels of the samples to score, and the features of two images are
read. A need that is not met raises ``Uncomputable``.
"""

import functools
import math
import warnings

from ganjax.errors import Uncomputable, shape_text
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.measure_needs import Counted, Facts

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
            raise Uncomputable(
                f"{_words(evaluation_data, name, count)}, expected at least "
                f"{wanted[name]}"
            )


def known_facts(evaluation_data: EvaluationData) -> Facts:
    """Return what is known before a measure compares the sets of a run."""
    spec, extractor = evaluation_data.source.spec, evaluation_data.extractor
    samples, sampler = evaluation_data.samples, evaluation_data.sampler
    labels = {
        "training": lambda: evaluation_data.train.label,
        "held-out": lambda: evaluation_data.test.first(samples).label,
        "generated": lambda: sampler.labels(samples),
    }
    sizes = evaluation_data.sizes
    real, *others = (
        Counted(functools.partial(_words, evaluation_data, name), sizes[name], label)
        for name, label in labels.items()
    )
    seen = extractor is not None
    return Facts(
        real,
        others,
        classes=lambda: seen and evaluation_data.glance.probabilities is not None,
        values=0 if seen else math.prod(spec.shape),
        sample=f"samples of {shape_text(spec.shape)}",
        extractor="evaluation.extractor",
        class_name=lambda label: spec.classes[label],
    )


def warn_of_few_held_out(evaluation_data: EvaluationData) -> None:
    """Warn if there are so few held-out samples that a floor is mostly noise."""
    count = evaluation_data.sizes["held-out"]
    if count < FEW_HELD_OUT:
        warnings.warn(
            f"{count} held-out samples, fewer than {FEW_HELD_OUT}: a floor of so few "
            f"samples is noisy, and biased for a Fréchet distance",
            stacklevel=2,
        )


def need_labels(evaluation_data: EvaluationData) -> None:
    """Raise ``Uncomputable`` unless data and generated samples have labels."""
    if not evaluation_data.labelled or not evaluation_data.source.spec.classes:
        raise Uncomputable(
            "expected data with classes and a game that generates by label, "
            "such as game='conditional_gan'"
        )


def need_every_class(evaluation_data: EvaluationData) -> None:
    """Raise ``Uncomputable`` if only some classes are generated and compared."""
    if evaluation_data.sampling.classes:
        raise Uncomputable("counts the classes of samples, expected all of them")


def need_features(evaluation_data: EvaluationData) -> None:
    """Check that the extractor accepts the data. Without an extractor, do nothing.

    Raises:
      Uncomputable: the data are not images, or there is no held-out image.
      BadInput: the extractor does not accept the size or the channels of the images.
    """
    if evaluation_data.extractor is None:
        evaluation_data.require_pixels()
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
    evaluation_data.require_pixels()


def _words(evaluation_data, name, count, of_class=""):
    noun = "image" if evaluation_data.pictures else "sample"
    plural = "" if count == 1 else "s"
    return f"{count} {name} {noun}{plural}{of_class}"
