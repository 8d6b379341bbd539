"""Whether the critic itself still tells generated samples from real ones."""

from collections.abc import Iterator

from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.metrics import critic_distance, two_sample_test
from ganjax.model import Model


class CriticScores:
    """Two-sample test and mean difference of the critic's scores, of held-out real
    samples against generated ones, and of training samples against held-out ones: there
    a critic that memorises is not at chance."""

    # A critic at chance may be a bad critic, or judge good samples.
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
                "expected a game whose critic judges samples, as game='gan' has"
            )
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
