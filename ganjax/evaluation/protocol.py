"""What a score is a score of. Two scores are only compared where their protocols are
one and the same."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import ganjax
from ganjax.errors import BadInput
from ganjax.evaluation.exhibit import Exhibit

# What tells two evaluations of one protocol apart; no reason not to compare them.
CIRCUMSTANCES = ("step", "seed", "ganjax")


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


def differing_fields(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The fields in which two protocols differ so that scores cannot be compared, each
    with both values."""
    return [
        f"{name} is {json.dumps(one.get(name))} and {json.dumps(other.get(name))}"
        for name in sorted(one.keys() | other.keys())
        if name not in CIRCUMSTANCES and one.get(name) != other.get(name)
    ]


def check_comparable(one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Raises ``BadInput`` with the ``differing_fields`` of two protocols, if any."""
    if found := differing_fields(one, other):
        raise BadInput(f"scores of two protocols are not compared: {', '.join(found)}")
