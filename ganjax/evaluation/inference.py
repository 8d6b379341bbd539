"""Scores of what a game infers from samples: latents, codes, classes, anomalies."""

from collections.abc import Iterator

import jax
import numpy as np

from ganjax.core import child_key
from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.inversion import error_of_nearest
from ganjax.evaluation.needs import need_samples
from ganjax.metrics import (
    frechet_distance,
    moments,
    nearest,
    principal_error,
    two_sample_test,
)
from ganjax.model import Model

# Share of the variance that the PCA baseline of ``Anomalies`` keeps.
EXPLAINED = 0.9
LEAST_PROBABILITY = 1e-12


class Reconstruction:
    """Mean squared error of the game's reconstructions of held-out samples.

    The mean is over the values of all samples. ``reconstruction_mse_nearest`` is a
    baseline: the nearest training sample in place of the reconstruction.
    """

    lower, neither = ("reconstruction_mse",), ("reconstruction_mse_nearest",)

    def __init__(self, evaluation_data: EvaluationData):
        evaluation_data.require("reconstruct")
        evaluation_data.require_pixels()
        need_samples(evaluation_data, training=1, held_out=1)
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        test = evaluation_data.test.first(evaluation_data.samples)
        made = model.ask("reconstruct", test.data)
        yield f"reconstruction_mse_{len(test)}", np.mean((made - test.data) ** 2)
        error = error_of_nearest(test, evaluation_data.train)
        yield f"reconstruction_mse_nearest_{len(test)}", error


class LatentsScores:
    """How well the encoder's codes match the latents of the generator.

    ``fd_latents``: Fréchet distance between the codes of held-out samples and random
    latents. ``fd_latents`` with the suffix ``_floor`` compares two sets of random
    latents. ``latents_mse``: mean squared error between the latent of a generated
    sample and the code of this sample, over all values. ``latents_mse_nearest`` is a
    baseline: the latent of the nearest sample in a second generated set takes the place
    of the code."""

    lower, neither = ("fd_latents", "latents_mse"), ("latents_mse_nearest",)

    def __init__(self, evaluation_data: EvaluationData):
        evaluation_data.require("encode")
        evaluation_data.require_latents()
        need_samples(evaluation_data, held_out=2)
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        test = self._data.test.first(self._data.samples)
        codes = model.ask("encode", test.data)
        n, size = codes.shape
        z, others = (self._draw(model, name, n) for name in ("latents", "others"))
        prior = moments(z[:, :size])
        yield f"fd_latents_{n}", frechet_distance(*prior, *moments(codes))
        floor = frechet_distance(*prior, *moments(others[:, :size]))
        yield f"fd_latents_{n}_floor", floor
        made, other = (model.decode(x) for x in (z, others))
        read = model.ask("encode", made)
        _, found = nearest(made.reshape(n, -1), other.reshape(n, -1), 1)
        yield "latents_mse", np.mean((read - z[:, :size]) ** 2)
        yield (
            "latents_mse_nearest",
            np.mean((others[found[:, 0]] - z)[:, :size] ** 2),
        )

    def _draw(self, model, name, n):
        key = child_key(jax.random.key(self._data.seed), name)
        return np.asarray(model.draw(jax.random.split(key, n)))


class Codes:
    """Scores of the codes that a network estimates from samples (InfoGAN, Chen et al.
    2016, arXiv 1606.03657).

    ``codes_bound``: lower bound of the mutual information of the categorical code c and
    the generated sample x, H(c) + E log Q(c|x), in nats. ``codes_agreement``: share of
    held-out samples whose estimated category matches their class, under the best
    one-to-one matching of categories and classes. ``codes_correlation_i``: correlation
    of the i-th continuous code and the network's estimate of this code."""

    higher = ("codes_bound", "codes_agreement", "codes_correlation")

    def __init__(self, evaluation_data: EvaluationData):
        evaluation_data.require("read")
        need_samples(evaluation_data, held_out=1)
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        kinds, numbers = evaluation_data.sampler.codes
        key = child_key(jax.random.key(evaluation_data.seed), "codes")
        z = np.asarray(model.draw(jax.random.split(key, evaluation_data.samples)))
        code = z[:, z.shape[1] - kinds - numbers :]
        read = model.ask("read", model.decode(z))
        if kinds:
            own = np.sum(code[:, :kinds] * read[:, :kinds], axis=1)
            log_q = np.log(np.maximum(own, LEAST_PROBABILITY))
            yield f"codes_bound_{len(z)}", np.log(kinds) + log_q.mean()
        for i in range(kinds, kinds + numbers):
            pair = code[:, i], read[:, i]
            flat = min(np.std(x) for x in pair) == 0
            value = 0.0 if flat else np.corrcoef(*pair)[0, 1]
            yield f"codes_correlation_{i - kinds}", value
        test = evaluation_data.test.first(evaluation_data.samples)
        if kinds and test.label is not None:
            # Imported late, because few scores need it.
            from scipy.optimize import linear_sum_assignment

            found = model.ask("read", test.data)[:, :kinds].argmax(axis=1)
            classes = len(evaluation_data.source.spec.classes)
            counts = np.zeros((kinds, classes))
            np.add.at(counts, (found, test.label), 1)
            matched = counts[linear_sum_assignment(-counts)].sum()
            yield f"codes_agreement_{len(test)}", matched / len(test)


class Labels:
    """Share of held-out samples that the game's classifier labels wrongly."""

    lower = ("labels_error",)

    def __init__(self, evaluation_data: EvaluationData):
        evaluation_data.require("classify")
        evaluation_data.require_pixels()
        need_samples(evaluation_data, held_out=1)
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        test = self._data.test
        read = model.ask("classify", test.data).argmax(axis=1)
        yield f"labels_error_{len(test)}", np.mean(read != test.label)


class Anomalies:
    """Detection of anomalies: held-out samples of the classes that training left out.

    ``anomalies_auroc``: the area under the ROC curve of the game's anomaly score.
    ``anomalies_auroc_pca`` is a baseline: the area under the ROC curve of the
    reconstruction error of a PCA that keeps 90 % of the variance."""

    higher, neither = ("anomalies_auroc",), ("anomalies_auroc_pca",)

    def __init__(self, evaluation_data: EvaluationData):
        evaluation_data.require("anomaly")
        evaluation_data.require_pixels()
        if not evaluation_data.source.spec.normal:
            raise Uncomputable(
                "the training data have no classes left out, expected training data "
                "of some classes only, as with data.classes=3; the other classes count "
                "as anomalies"
            )
        need_samples(evaluation_data, training=2, held_out=4)
        self._data = evaluation_data
        normal = np.sum(self._normal)
        for count, what in ((normal, "normal"), (len(self._normal) - normal, "other")):
            if count < 2:
                raise Uncomputable(
                    f"{count} held-out samples of {what} classes, expected at least 2"
                )

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        test = evaluation_data.test
        found = model.ask("anomaly", test.data)
        yield f"anomalies_auroc_{len(test)}", self._auroc(found)
        train, seen = (
            x.data.reshape(len(x), -1) for x in (evaluation_data.train, test)
        )
        error = principal_error(train, seen, EXPLAINED)
        yield f"anomalies_auroc_pca_{len(test)}", self._auroc(error)

    @property
    def _normal(self):
        return np.isin(self._data.test.label, self._data.source.spec.normal)

    def _auroc(self, score):
        normal = self._normal
        return two_sample_test(score[~normal], score[normal])["auroc"]
