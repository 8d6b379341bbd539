"""What a score is a score of; `ganjax.report` compares scores of one protocol."""

from typing import Any

import ganjax
from ganjax.evaluation.exhibit import Exhibit


def protocol_of(exhibit: Exhibit, step: int) -> dict[str, Any]:
    """Return the fields that change a score, for JSON: what is compared with what over
    which features, how it was sampled, and of which state and code it is."""
    extractor, sampling = exhibit.extractor, exhibit.sampling
    return {
        "data": exhibit.source.spec.name,
        "reference": "train",  # the split that samples are compared with
        "real": len(exhibit.train),
        "fake": exhibit.samples,
        "extractor": extractor.name if extractor else "none",
        "weights": extractor.digest if extractor else "none",
        "resize": extractor.resize if extractor else "none",
        "values": "256 values a channel" if extractor else "float32",
        "parameters": "averaged",
        "statistics": sampling.statistics,
        "truncation": sampling.truncation,
        "step": step,
        "seed": exhibit.seed,
        "ganjax": ganjax.__version__,
    }
