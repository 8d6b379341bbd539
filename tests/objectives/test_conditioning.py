"""Label losses for scores and embeddings whose loss is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.networks.heads import CriticOutput
from ganjax.objectives import CONDITIONINGS

LABEL = jnp.array([0, 1])


def judged(**outputs):
    logits = jnp.zeros(2)
    return CriticOutput(logits, None, {k: jnp.asarray(v) for k, v in outputs.items()})


def price(name, real, fake, label=LABEL, **options):
    section = {"discriminator": name, "shift_negatives": False, **options}
    conditioning = CONDITIONINGS.make("conditioning.discriminator", section)
    return (
        float(conditioning.discriminator(real, fake, label)),
        float(conditioning.generator(fake, label)),
    )


# Scores (ln 3, 0) give the first class the probability 3/4.
FIRST = [[np.log(3.0), 0.0], [np.log(3.0), 0.0]]
MIXED = -(np.log(3 / 4) + np.log(1 / 4)) / 2  # mean of both labels


def test_auxiliary_classifier():
    even = judged(classes=jnp.zeros((2, 2)))
    first = judged(classes=FIRST)
    found = price("auxiliary_classifier", even, first)
    np.testing.assert_allclose(found, [np.log(2) + MIXED, MIXED], rtol=1e-6)


def test_a_twin_takes_away_what_the_classifier_gives():
    """The generator pays the difference of classifier and twin: 0 where they agree."""
    real = judged(classes=jnp.zeros((2, 2)), twin_classes=jnp.zeros((2, 2)))
    alike = judged(classes=FIRST, twin_classes=FIRST)
    found = price("twin_auxiliary_classifier", real, alike)
    np.testing.assert_allclose(found, [np.log(2) + MIXED, 0], atol=1e-6)
    apart = judged(classes=FIRST, twin_classes=jnp.zeros((2, 2)))
    found = price("twin_auxiliary_classifier", real, apart)
    np.testing.assert_allclose(found, [2 * np.log(2), MIXED - np.log(2)], rtol=1e-5)


def test_a_classifier_that_tells_real_from_generated():
    """Four columns: real 0, real 1, generated 0, generated 1. A score of ln 5 gives the
    correct real class the probability 5/8 and each other column 1/8."""
    scores = jnp.log(jnp.array([[5.0, 1, 1, 1], [1.0, 5, 1, 1]]))
    sample = judged(classes=scores)
    found = price("discriminative_classifier", sample, sample)
    expected = [-np.log(5 / 8) - np.log(1 / 8), -np.log(5 / 8) + np.log(1 / 8)]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


EYE = jnp.eye(2)


@pytest.mark.parametrize("which", [0, 1])
def test_contrastive(which):
    """Orthogonal samples that equal their label's embedding pay log(e + 1) − 1. Samples
    of the same class do not compete, so they pay nothing."""
    sample = judged(embedding=EYE, proxy=EYE)
    nothing = judged(embedding=-EYE, proxy=EYE)
    found = price("contrastive", *((sample, nothing), (nothing, sample))[which])
    np.testing.assert_allclose(found[which], np.log(np.e + 1) - 1, rtol=1e-6)
    one_class = jnp.array([1, 1])
    found = price("contrastive", sample, sample, one_class)
    np.testing.assert_allclose(found, 0, atol=1e-6)


def test_data_to_data():
    """A sample pays log 2 if it equals its embedding (cosine above 0.98) and is
    orthogonal to the other class (below 0.02). At a cosine of 0.5 to its embedding it
    pays log(1 + exp(0.48 / 0.5))."""
    sample = judged(embedding=EYE, proxy=EYE)
    np.testing.assert_allclose(
        price("data_to_data", sample, sample), np.log(2), rtol=1e-6
    )
    half = jnp.array([[0.5, np.sqrt(0.75)], [np.sqrt(0.75), 0.5]])
    aside = judged(embedding=EYE, proxy=half)
    expected = np.log1p(np.exp(0.48 / 0.5))
    np.testing.assert_allclose(price("data_to_data", aside, aside), expected, rtol=1e-5)
    # With one class there is no other class to compare with.
    found = price("data_to_data", aside, aside, jnp.array([0, 0]))
    np.testing.assert_allclose(found, 0, atol=1e-6)


@pytest.mark.parametrize("cosine", [0.0, 0.5, -0.5])
def test_data_to_data_with_shifted_negatives(cosine):
    """Each of two samples of different classes equals its label's embedding. The term
    of the other sample is relu(s) − s for s = (cosine − 0.02) / 0.5, and not relu(s):
    0 for the cosine 0.5, where the unshifted term is 0.96."""
    pair = jnp.array([[1.0, 0.0], [cosine, np.sqrt(1 - cosine**2)]])
    sample = judged(embedding=pair, proxy=pair)
    s = (cosine - 0.02) / 0.5
    for shifted, term in ((False, max(s, 0)), (True, max(s, 0) - s)):
        found = price("data_to_data", sample, sample, shift_negatives=shifted)
        np.testing.assert_allclose(found, np.log1p(np.exp(term)), rtol=1e-5)


def test_the_shift_counts_samples_of_the_same_class_and_has_no_gradient():
    """Samples 0 and 1 are equal and of one class, so the largest s of both is
    (1 − 0.02) / 0.5 = 1.96. Sample 2, of another class, is orthogonal: its term is
    exp(0 − 1.96). Moving sample 1 towards sample 0 changes the shift, not the loss."""
    label = jnp.array([0, 0, 1])
    samples = jnp.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])

    def loss(second):
        embedding = samples.at[1].set(second)
        sample = judged(embedding=embedding, proxy=samples)
        return CONDITIONINGS.make(
            "conditioning.discriminator",
            {"discriminator": "data_to_data", "shift_negatives": True},
        ).generator(sample, label)

    # Sample 2 compares with two samples, and its largest s is −0.04.
    expected = (2 * np.log1p(np.exp(-1.96)) + np.log1p(2 * np.exp(0.04))) / 3
    np.testing.assert_allclose(loss(samples[1]), expected, rtol=1e-5)
    np.testing.assert_allclose(jax.grad(loss)(samples[1])[0], 0, atol=1e-6)


def test_multi_hinge():
    """Two classes and a column for fakes.

    Margins of real samples: 2 − 0 (loss 0) and 1 − 1.5 (loss 1.5). Margins of fake
    samples: 3 − 0 (loss 0) and 0 − 1 (loss 2). For the generator the fake samples have
    their real labels: 0 − 3 (loss 4) and 1 − 0 (loss 0)."""
    real = judged(hinges=[[2.0, 0.0, -1.0], [1.5, 1.0, 0.0]])
    fake = judged(hinges=[[0.0, 0.0, 3.0], [-1.0, 1.0, 0.0]])
    found = price("multi_hinge", real, fake)
    np.testing.assert_allclose(found, [1.5 / 2 + 2 / 2, 4 / 2], rtol=1e-6)
