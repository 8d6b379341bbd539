"""Scores of generated sentences: their quality by an oracle, and their diversity."""

from collections.abc import Iterator

import numpy as np

from ganjax.data import in_memory
from ganjax.data.oracle import log_likelihood, oracle_of
from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.metrics.sentences import drawn, nll, trained
from ganjax.model import Model

# Hundredths of the temperatures of the language model that is compared.
TEMPERATURES = (100, 90, 80, 70)


class Sentences:
    """Negative log likelihoods in nats of a word; lower is better.

    ``sentences_oracle_nll`` is −log p of generated sentences under the oracle: quality
    (Yu et al. 2017, arXiv 1609.05473, eq. 9, divided by the number of words).
    ``sentences_reverse_nll`` is −log p of held-out sentences under a language model
    that is trained on generated sentences: diversity. A game that repeats one good
    sentence has a low oracle value and a high reverse value.

    ``_mle_T`` is the same score of a language model of the same kind, trained on the
    training sentences by maximum likelihood, whose logits are divided by T/100 (Caccia
    et al. 2020, arXiv 1811.02549). ``_real`` is the score of training sentences.
    """

    lower = ("sentences_oracle_nll", "sentences_reverse_nll")
    neither = tuple(
        f"{stem}_{way}"
        for stem in lower
        for way in ("real", *(f"mle_{t}" for t in TEMPERATURES))
    )

    def __init__(self, evaluation_data: EvaluationData):
        if evaluation_data.source.spec.name != "oracle_words":
            raise Uncomputable(
                "expected sentences of an oracle, as data.name='oracle_words'"
            )
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        n, seed = evaluation_data.samples, evaluation_data.seed
        source = evaluation_data.source
        words = source.spec.vocabulary
        oracle = oracle_of(words, source.about["oracle"])
        train, test = (in_memory(split).data for split in (source.train, source.test))
        likely = trained(train, words, seed=seed)
        sets = {"": np.asarray(evaluation_data.fake(model).data), "_real": train[:n]}
        for t in TEMPERATURES:
            sets[f"_mle_{t}"] = drawn(likely, n, temperature=t / 100, seed=seed)
        for way, tokens in sets.items():
            score = -np.mean(log_likelihood(oracle, tokens)) / tokens.shape[1]
            yield f"sentences_oracle_nll{way}_{n}", float(score)
            learned = likely if way == "_real" else trained(tokens, words, seed=seed)
            yield f"sentences_reverse_nll{way}_{n}", nll(learned, test)
