"""Check before a run begins that its data and its game have what an evaluator needs.

The checks are fast: they read only the sizes of the sets, labels, and the features of
two images. A check that fails raises ``Uncomputable``.
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
    """Check that each set has enough samples.

    Args:
      evaluation_data: the sets of samples of a run.
      training, held_out, generated: the fewest samples of each set.

    Raises:
      Uncomputable: if a set has fewer samples.
    """
    wanted = {"generated": generated, "training": training, "held-out": held_out}
    for name, count in evaluation_data.sizes.items():
        if count < wanted[name]:
            raise Uncomputable(
                f"{_words(evaluation_data, name, count)}, expected at least "
                f"{wanted[name]}"
            )


def known_facts(evaluation_data: EvaluationData) -> Facts:
    """Return the sizes, labels and features of a run's sets, for ``check_measure``.

    The training samples are the reference. The held-out and the generated samples are
    compared with them. Labels and features are read only when a check asks for them.
    """
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
    """Warn if there are fewer than ``FEW_HELD_OUT`` (500) held-out samples.

    A floor is the score of held-out real samples in place of generated samples. With so
    few samples it is mostly noise.
    """
    count = evaluation_data.sizes["held-out"]
    if count < FEW_HELD_OUT:
        warnings.warn(
            f"{count} held-out samples, fewer than {FEW_HELD_OUT}: a floor of so few "
            f"samples is noisy, and biased for a Fréchet distance",
            stacklevel=2,
        )


def need_labels(evaluation_data: EvaluationData) -> None:
    """Check that the real and the generated samples have labels.

    Raises:
      Uncomputable: if the data have no classes, or the game does not generate by label.
    """
    if not evaluation_data.labelled or not evaluation_data.source.spec.classes:
        raise Uncomputable(
            "the real or the generated samples have no labels, expected data with "
            "classes and a game that generates by label, such as game='conditional_gan'"
        )


def need_every_class(evaluation_data: EvaluationData) -> None:
    """Check that no class is left out, for an evaluator that counts classes.

    Raises:
      Uncomputable: if the user chose some classes to generate and compare.
    """
    if evaluation_data.sampling.classes:
        raise Uncomputable(
            "only some classes were chosen, expected all classes: the metric "
            "counts classes or modes"
        )


def need_features(evaluation_data: EvaluationData) -> None:
    """Check that the features of the data can be computed.

    Without an extractor, pixels or points are the features. Then check only that they
    fit into memory.

    Raises:
      Uncomputable: with an extractor, the data are not images, or there is no held-out
        image; without one, the samples do not fit into memory.
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
    """Check that the data are images that are large enough and fit into memory.

    Args:
      evaluation_data: the sets of samples of a run.
      least: the fewest pixels on a side of an image.

    Raises:
      Uncomputable: the data are points, a side of the images is shorter, or the images
        do not fit into memory.
    """
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
