"""Comparison of the trained critic's scores of real and generated samples."""

from collections.abc import Iterator

from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.needs import need_samples
from ganjax.metrics import critic_distance, two_sample_test
from ganjax.model import Model


class CriticScores:
    """Two-sample tests and mean difference of the critic's scores.

    ``critic_auroc``, ``critic_p_value`` and ``critic_accuracy`` test whether the critic
    distinguishes held-out real samples from generated samples. ``critic_distance`` is
    the mean score of the held-out samples minus the mean score of the generated
    samples, and ``critic_distance_error`` is its standard error.
    ``critic_auroc_train_over_test`` compares training samples with held-out samples. It
    differs from chance (0.5) if the critic memorises the training samples.

    The same number of generated, training and held-out samples is used: the size of the
    smallest set. A critic that judges packs of several samples (PacGAN) gives one score
    for each pack.
    """

    # A critic scores at chance level if it is bad, or if the samples are good.
    neither = (
        "critic_auroc",
        "critic_p_value",
        "critic_accuracy",
        "critic_distance",
        "critic_distance_error",
        "critic_auroc_train_over_test",
    )

    def __init__(self, evaluation_data: EvaluationData):
        if evaluation_data.sampler.critic is None:
            raise Uncomputable(
                "this game has no critic that scores samples, expected a game that "
                "has one, such as game='gan'"
            )
        evaluation_data.require_pixels()
        # Two scores of each set, or as many as the critic compares.
        sampler = evaluation_data.sampler
        least = sampler.packing * max(2, sampler.compared)
        need_samples(evaluation_data, training=least, held_out=least, generated=least)
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        count = min(
            evaluation_data.samples,
            len(evaluation_data.train),
            len(evaluation_data.test),
        )
        sides = (
            evaluation_data.fake(model),
            evaluation_data.train,
            evaluation_data.test,
        )
        first = (side.first(count) for side in sides)
        fake, train, test = (model.score(side.data, side.label) for side in first)
        for name, value in two_sample_test(test, fake).items():
            yield f"critic_{name}", value
        distance, error = critic_distance(test, fake)
        yield "critic_distance", distance
        yield "critic_distance_error", error
        yield "critic_auroc_train_over_test", two_sample_test(train, test)["auroc"]
