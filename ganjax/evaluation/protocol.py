"""What a score is a score of; `ganjax.report` compares scores of one protocol."""

import dataclasses
from typing import Any

import ganjax
from ganjax.evaluation.exhibit import Exhibit


@dataclasses.dataclass(frozen=True)
class Protocol:
    """Fields that change a score.

    Attributes:
      data: name of the data set; reference: the split that samples are compared with.
      real, fake: how many samples of each.
      extractor, weights: its name and its weights' SHA-256; ``'none'`` for pixels.
      resize: the filter in front of the extractor.
      values: how samples are represented.
      parameters: ``'averaged'`` or ``'live'``; statistics: of batch normalisations.
      truncation: of the latents.
      step, seed, ganjax: of the state, of the draws, the version of the code.
    """

    data: str
    reference: str
    real: int
    fake: int
    extractor: str
    weights: str
    resize: str
    values: str
    parameters: str
    statistics: str
    truncation: float
    step: int
    seed: int
    ganjax: str


def protocol_of(
    exhibit: Exhibit, step: int, truncation: float = 0.0, parameters: str = "averaged"
) -> dict[str, Any]:
    """The protocol of an exhibit at a step, for JSON."""
    extractor = exhibit.extractor
    return dataclasses.asdict(
        Protocol(
            data=exhibit.source.spec.name,
            reference="train",
            real=len(exhibit.train),
            fake=exhibit.samples,
            extractor=extractor.name if extractor else "none",
            weights=extractor.digest if extractor else "none",
            resize=extractor.resize if extractor else "none",
            values="256 values a channel" if extractor else "float32",
            parameters=parameters,
            statistics="standing" if exhibit.game.standing else "averaged",
            truncation=truncation,
            step=step,
            seed=exhibit.seed,
            ganjax=ganjax.__version__,
        )
    )
