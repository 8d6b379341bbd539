"""The section ``evaluation`` of a config: which scores a run computes, and how."""

import dataclasses
import math

from ganjax.data import Source
from ganjax.data.alpha import has_alpha
from ganjax.errors import check_memory
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.measures import (
    DensityCoverageOptions,
    InceptionScoreOptions,
    KernelOptions,
    PrecisionRecallOptions,
)
from ganjax.evaluation.table import EVALUATORS
from ganjax.metrics.features import EXTRACTORS, FILTERS, open_extractor
from ganjax.model import Sampler, Sampling
from ganjax.names import Table
from ganjax.options import option, section


@dataclasses.dataclass(frozen=True)
class EvaluationOptions:
    """The section ``evaluation`` of a config: which scores a run computes, and how."""

    names: tuple[str, ...] = option(
        (), "evaluators and measures", item=str, choices=EVALUATORS
    )
    every: int = option(0, "steps between evaluations", least=0,
                        zero="only at the end", whole=True)  # fmt: skip
    samples: int = option(
        1000, "number of generated samples", least=100, most=10_000_000
    )
    real: int = option(
        0, "most real samples of each split", least=0,
        zero="the whole split, or 10,000 of data that are drawn",
    )  # fmt: skip
    extractor: str = option(
        "",
        "extractor of features; empty: pixels or points as features",
        choices=Table(EXTRACTORS.kind, {"": None, **EXTRACTORS}),
    )
    weights: str = option(
        "",
        "file of the extractor's weights; empty: the default weights",
        needs=("evaluation.extractor",),
    )
    resize: str = option(
        "",
        "resize filter before the extractor; empty: the extractor's default",
        choices=("", *FILTERS),
        needs=("evaluation.extractor",),
    )
    border: int = option(
        -1, "pixels on each side that luma scores leave out; -1 for the factor of "
        "super-resolution", least=-1,
    )  # fmt: skip
    kernel: KernelOptions = section(KernelOptions)
    inception_score: InceptionScoreOptions = section(InceptionScoreOptions)
    precision_recall: PrecisionRecallOptions = section(PrecisionRecallOptions)
    density_coverage: DensityCoverageOptions = section(DensityCoverageOptions)


def evaluation_data_of(
    options: EvaluationOptions, sampler: Sampler, source: Source, sampling: Sampling,
    seed: int,
) -> EvaluationData:  # fmt: skip
    """Return the samples that evaluators use, as the config asks for them.

    Args:
      options: the section ``evaluation`` of the config.
      sampler: how the game makes samples.
      source: the training and test data.
      sampling: sampling options of the models, such as truncation.
      seed: seed of the latents, and of the choice of real samples.

    Raises:
      BadInput: if the samples do not fit into memory, the extractor is unknown, its
        weights are missing or cannot be read, or it does not accept the images of the
        data.
    """
    size = 4 * options.samples * math.prod(source.spec.shape)
    check_memory(f"evaluation.samples={options.samples}", size)
    extractor = None
    if options.extractor:
        extractor = open_extractor(options.extractor, options.weights, options.resize)
        extractor.check(_seen(source.spec))
    return EvaluationData(
        sampler,
        source,
        sampling,
        samples=options.samples,
        seed=seed,
        real=options.real,
        extractor=extractor,
        border=options.border,
    )


def _seen(spec):
    """Return the shape of the images that an extractor sees."""
    if spec.stacked:  # each channel is a separate image
        return (*spec.shape[:2], 1)
    return (*spec.shape[:2], 3) if has_alpha(spec.shape) else spec.shape
