"""What a game infers of samples: latents, codes, classes, anomalies."""

from collections.abc import Iterator

import jax
import numpy as np
from scipy.optimize import linear_sum_assignment

from ganjax.core import GameState, child_key
from ganjax.errors import BadInput
from ganjax.evaluation.exhibit import Exhibit
from ganjax.evaluation.inversion import error_of_nearest, require_latents
from ganjax.evaluation.sampling import ask, require
from ganjax.metrics import (
    frechet_distance,
    moments,
    nearest,
    principal_error,
    two_sample_test,
)

# Of the autoencoder that anomalies are also looked for with, as a share of variance.
EXPLAINED = 0.9
LEAST_PROBABILITY = 1e-12


class Reconstruction:
    """Mean squared error, over entries, of held-out samples from their reconstructions,
    and from the training samples nearest to them."""

    def __init__(self, exhibit: Exhibit):
        require(exhibit.game, "reconstruct", "reconstruction")
        self._exhibit = exhibit

    def run(self, state: GameState) -> Iterator[tuple[str, float]]:
        exhibit = self._exhibit
        test = exhibit.test.first(exhibit.samples)
        made = ask(exhibit.game, state, "reconstruct", test.data)
        yield f"reconstruction_mse_{len(test)}", np.mean((made - test.data) ** 2)
        error = error_of_nearest(test, exhibit.train)
        yield f"reconstruction_mse_nearest_{len(test)}", error


class Latents:
    """How far the codes of held-out samples are from the latents that the game draws,
    as a Fréchet distance, with that of as many other latents as its floor; and how well
    the encoder inverts the generator: the mean squared error, over entries, of the code
    of a generated sample from its latent, beside that of the latent of the generated
    sample that is nearest to it among as many others."""

    def __init__(self, exhibit: Exhibit):
        require(exhibit.game, "encode", "latents")
        require_latents(exhibit, "latents")
        self._exhibit = exhibit

    def run(self, state: GameState) -> Iterator[tuple[str, float]]:
        exhibit, game = self._exhibit, self._exhibit.game
        test = exhibit.test.first(exhibit.samples)
        codes = ask(game, state, "encode", test.data)
        n, size = codes.shape
        z, others = (self._draw(name, n) for name in ("latents", "others"))
        prior = moments(z[:, :size])
        yield f"fd_latents_{n}", frechet_distance(*prior, *moments(codes))
        floor = frechet_distance(*prior, *moments(others[:, :size]))
        yield f"fd_latents_{n}_floor", floor
        made, other = (ask(game, state, "decode", x) for x in (z, others))
        read = ask(game, state, "encode", made)
        _, found = nearest(made.reshape(n, -1), other.reshape(n, -1), 1)
        yield "latents_mse", np.mean((read - z[:, :size]) ** 2)
        yield (
            "latents_mse_nearest",
            np.mean((others[found[:, 0]] - z)[:, :size] ** 2),
        )

    def _draw(self, name, n):
        key = child_key(jax.random.key(self._exhibit.seed), name)
        return np.asarray(self._exhibit.game.sample.draw(jax.random.split(key, n)))


class Codes:
    """What can be read of the codes of generated samples (InfoGAN).

    ``codes_bound``: of the information that a sample has of its category, H(c) +
    E log Q(c|x), in nats. ``codes_agreement``: how many held-out samples have the
    category that stands for their class, categories and classes matched one to one so
    that there are most. ``codes_correlation_i``: of the i-th number and what is read of
    it.
    """

    def __init__(self, exhibit: Exhibit):
        require(exhibit.game, "read", "codes")
        self._exhibit = exhibit

    def run(self, state: GameState) -> Iterator[tuple[str, float]]:
        exhibit, game = self._exhibit, self._exhibit.game
        kinds, numbers = game.sample.codes
        key = child_key(jax.random.key(exhibit.seed), "codes")
        z = np.asarray(game.sample.draw(jax.random.split(key, exhibit.samples)))
        code = z[:, z.shape[1] - kinds - numbers :]
        read = ask(game, state, "read", ask(game, state, "decode", z))
        if kinds:
            own = np.sum(code[:, :kinds] * read[:, :kinds], axis=1)
            log_q = np.log(np.maximum(own, LEAST_PROBABILITY))
            yield f"codes_bound_{len(z)}", np.log(kinds) + log_q.mean()
        for i in range(kinds, kinds + numbers):
            pair = code[:, i], read[:, i]
            flat = min(np.std(x) for x in pair) == 0
            value = 0.0 if flat else np.corrcoef(*pair)[0, 1]
            yield f"codes_correlation_{i - kinds}", value
        test = exhibit.test.first(exhibit.samples)
        if kinds and test.label is not None:
            found = ask(game, state, "read", test.data)[:, :kinds].argmax(axis=1)
            classes = len(exhibit.source.spec.classes)
            counts = np.zeros((kinds, classes))
            np.add.at(counts, (found, test.label), 1)
            matched = counts[linear_sum_assignment(-counts)].sum()
            yield f"codes_agreement_{len(test)}", matched / len(test)


class Labels:
    """The share of held-out samples that the game's own classifier gets wrong."""

    def __init__(self, exhibit: Exhibit):
        require(exhibit.game, "classify", "labels")
        self._exhibit = exhibit

    def run(self, state: GameState) -> Iterator[tuple[str, float]]:
        test = self._exhibit.test
        read = ask(self._exhibit.game, state, "classify", test.data).argmax(axis=1)
        yield f"labels_error_{len(test)}", np.mean(read != test.label)


class Anomalies:
    """How well held-out samples of the classes that were left out of training are told
    from those of the others: the area under the ROC curve by the game's own score
    (``anomalies_auroc``), and by the error of a reconstruction from the principal
    components that explain ``EXPLAINED`` of the variance (``anomalies_auroc_pca``)."""

    def __init__(self, exhibit: Exhibit):
        require(exhibit.game, "anomaly", "anomalies")
        if not exhibit.source.spec.normal:
            raise BadInput(
                "evaluation.names='anomalies': expected data of which some classes are "
                "normal, data.classes=K"
            )
        self._exhibit = exhibit

    def run(self, state: GameState) -> Iterator[tuple[str, float]]:
        exhibit = self._exhibit
        test = exhibit.test
        found = ask(exhibit.game, state, "anomaly", test.data)
        yield f"anomalies_auroc_{len(test)}", self._auroc(found)
        train, seen = (x.data.reshape(len(x), -1) for x in (exhibit.train, test))
        error = principal_error(train, seen, EXPLAINED)
        yield f"anomalies_auroc_pca_{len(test)}", self._auroc(error)

    def _auroc(self, score):
        normal = np.isin(self._exhibit.test.label, self._exhibit.source.spec.normal)
        return two_sample_test(score[~normal], score[normal])["auroc"]
