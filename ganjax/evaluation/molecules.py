"""Scores of generated molecules: whether they are valid, different, and new."""

from collections.abc import Iterator, Sequence

import numpy as np

from ganjax.data import in_memory
from ganjax.data.forms import MOLECULES
from ganjax.data.molecule_arrays import smiles
from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.metrics.molecules import independent_marginals, uniform_graphs
from ganjax.model import Model

STEMS = ("valid", "unique", "held_out")
WAYS = ("training", "uniform", "marginals")


class Molecules:
    """Shares of generated molecules.

    ``molecules_valid`` is the share of samples that are valid: RDKit accepts the
    valences, and all atoms are connected. ``molecules_unique`` is the share of
    different molecules among the valid ones, by canonical SMILES.
    ``molecules_held_out`` is the share of the different molecules that are in the
    held-out half of all molecules; a game that only repeats training molecules has 0.

    ``_training`` draws as many training molecules, with repetition: a ceiling for
    unique. ``_uniform`` draws each type and each bond uniformly. ``_marginals`` draws
    them independently, each with its frequency at this place in the training data.
    """

    higher = tuple(f"molecules_{stem}" for stem in STEMS)
    neither = tuple(f"molecules_{stem}_{way}" for stem in STEMS for way in WAYS)

    def __init__(self, evaluation_data: EvaluationData):
        form = evaluation_data.source.spec.form
        if form is None or form.kind != MOLECULES:
            raise Uncomputable("expected molecules, such as data.name='molecules'")
        self._data, self._form = evaluation_data, form

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        n = evaluation_data.samples
        rng = np.random.default_rng(evaluation_data.seed)
        source = evaluation_data.source
        train, test = (in_memory(split).data for split in (source.train, source.test))
        hidden = set(self._texts(test))
        samples = {
            "": evaluation_data.fake(model).data,
            "_training": train[rng.integers(0, len(train), n)],
            "_uniform": uniform_graphs(rng, n, train.shape[1:]),
            "_marginals": independent_marginals(rng, n, train),
        }
        for way, arrays in samples.items():
            for stem, value in shares(self._texts(arrays), hidden).items():
                yield f"molecules_{stem}{way}_{n}", value

    def _texts(self, arrays):
        return smiles(arrays, self._form.names, "evaluation.names='molecules'")


def shares(texts: Sequence[str | None], hidden: set[str | None]) -> dict[str, float]:
    """Return the shares ``valid``, ``unique`` and ``held_out``, or 0 of nothing.

    Args:
      texts: canonical SMILES of samples, ``None`` for samples that are not valid.
      hidden: canonical SMILES of held-out molecules.
    """
    valid = [text for text in texts if text is not None]
    different = set(valid)
    return {
        "valid": len(valid) / len(texts),
        "unique": len(different) / max(len(valid), 1),
        "held_out": len(different & hidden) / max(len(different), 1),
    }
