"""Losses of BiGAN's players, calculated by hand.

The real samples x are 1 and 3, and their codes are −x. Every latent is 7, and the
generated sample is 2·7 = 14. The discriminator's logit of a pair (x, z) is x + 10 z: −9
and −27 for real pairs, and 84 for a generated pair.
"""

import numpy as np
import pytest

from ganjax.games.bigan import bigan
from ganjax.networks.heads import CriticOutput
from tests import tiny
from tests.games import by_hand
from tests.games.by_hand import paid

BATCH = {"data": [[1.0], [3.0]]}


def both(loss):
    functions = {
        "generator": lambda z: 2 * z,
        "encoder": lambda x: -x,
        "discriminator": lambda pair: pair[:, 0] + 10 * pair[:, 1],
    }
    return by_hand.made(bigan, functions, loss=loss, prior=7.0)


def made(loss):
    return both(loss)[0]


def test_wasserstein_is_a_difference_of_means():
    assert paid(made("wasserstein"), "discriminator", BATCH)[0] == 84 + 18
    assert paid(made("wasserstein"), "generator", BATCH)[0] == -84 - 18


def test_the_generators_loss_is_the_discriminators_with_the_labels_exchanged():
    """The least-squares loss of the generator is ½(D(fake) − 1)² + ½D(real)²."""
    loss = paid(made("least_squares"), "generator", BATCH)[0]
    np.testing.assert_allclose(loss, 0.5 * 83**2 + 0.5 * (9**2 + 27**2) / 2, rtol=1e-6)


@pytest.mark.parametrize("loss", ["relativistic_pairing", "relativistic_average"])
def test_a_relativistic_loss_has_both_sides_already(loss):
    """log(1 + exp(real − fake)) is almost 0, because the fake logit is much larger."""
    assert paid(made(loss), "generator", BATCH)[0] < 1e-6
    assert paid(made(loss), "discriminator", BATCH)[0] > 90


def test_a_sample_and_back():
    played, sampler = both("hinge")

    def apply(name, x):
        return played.networks[name]({}, x)

    x = np.array([[1.0], [3.0]])
    np.testing.assert_array_equal(sampler.abilities["encode"](apply, x), -x)
    np.testing.assert_array_equal(sampler.abilities["reconstruct"](apply, x), -2 * x)


def test_anomalies_differ_from_their_reconstructions():
    """Reconstructions are −2x, so pixels differ by 3x. The features of a pair are twice
    the sample and its code, so they differ by 6x: 0.9·3x + 0.1·6x = 3.3x."""
    functions = {
        "generator": lambda z: 2 * z,
        "encoder": lambda x: -x,
        "discriminator": lambda pair: CriticOutput(pair[:, 0], 2 * pair),
    }
    played, sampler = by_hand.made(bigan, functions, prior=7.0)

    def apply(name, x, method=None):
        assert (method == "full_output") == (name == "discriminator")
        return functions[name](x)

    x = np.array([[1.0], [3.0]])
    found = sampler.abilities["anomaly"](apply, x)
    np.testing.assert_allclose(found, [3.3, 9.9], rtol=1e-6)


def test_a_pack_has_no_features_of_one_sample():
    assert "anomaly" in tiny.setup("bigan").sampler.abilities
    assert "anomaly" not in tiny.setup("bigan", packing=2).sampler.abilities
