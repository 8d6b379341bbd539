"""The feature likelihood divergence of a model, which also needs held-out samples."""

from collections.abc import Iterator

from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.needs import need_features, need_samples
from ganjax.evaluation.scores import name_of
from ganjax.metrics import likelihood_divergence
from ganjax.model import Model


class Likelihood:
    """Feature likelihood divergence (Jiralerspong et al. 2023, arXiv 2302.04440).

    ``fld`` is lower if held-out samples are more likely under a density around the
    generated samples; about 0 for a generator as good as the training samples.
    ``fld_gap`` compares the likelihood of training and held-out samples; it is far
    below 0 if generated samples are copies of training samples.
    """

    lower, neither = ("fld",), ("fld_gap",)

    def __init__(self, evaluation_data: EvaluationData):
        need_samples(evaluation_data, training=4, held_out=2)
        need_features(evaluation_data)
        self._data = evaluation_data
        if evaluation_data.extractor is None:
            held_out = evaluation_data.test.features
            if not held_out.std(axis=0).all():
                raise Uncomputable(
                    "a value (such as a pixel) is equal in all held-out samples, "
                    "expected an evaluation.extractor whose features vary"
                )

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        fake = evaluation_data.fake(model)
        found = likelihood_divergence(
            evaluation_data.train.features, evaluation_data.test.features, fake.features
        )
        for stem, value in found.items():
            yield name_of(evaluation_data, stem, len(fake)), value
