"""Losses and scores of games that detect anomalies, calculated by hand.

AnoGAN: the generator makes (z, 0), and the features of x are 2x. f-AnoGAN: the samples
x are 1 and 3, their codes are 2x, the reconstructions are 3·2x = 6x, and features are
x². GANomaly: codes are 2x, reconstructions y are 6x, second codes are −6y, and features
are x² as well.
"""

import jax.numpy as jnp
import numpy as np

from ganjax.games.anomaly import anogan, f_anogan, ganomaly
from ganjax.networks.heads import CriticOutput
from tests.games.by_hand import made, paid

X = np.array([[1.0], [3.0]])
BATCH = {"data": X}


def judge(x):
    return CriticOutput(x[:, 0], x**2)


def applied(played):
    return lambda name, x, method=None: (
        judge(x) if method == "full_output" else played.networks[name]({}, x)
    )


def test_anogan_descends_to_the_nearest_sample():
    """For (a, b) the nearest sample is (a, 0). The residual is |b|, and 2·|b| in
    features, so the score is 0.9·|b| + 0.1·2·|b| = 1.1·|b|. Adam finds a inexactly."""
    functions = {
        "generator": lambda z: jnp.concatenate([z, jnp.zeros_like(z)], axis=1),
        "discriminator": lambda x: CriticOutput(x[:, 0], 2 * x),
    }
    _, sampler = made(anogan, functions)
    x = jnp.array([[1.0, 0.0], [-2.0, 0.5], [0.3, -3.0]])

    def apply(name, x, method=None):
        return functions[name](x)

    np.testing.assert_allclose(
        sampler.abilities["encode"](apply, x), x[:, :1], atol=1e-3
    )
    np.testing.assert_allclose(
        sampler.abilities["reconstruct"](apply, x),
        [[1, 0], [-2, 0], [0.3, 0]],
        atol=1e-3,
    )
    found = sampler.abilities["anomaly"](apply, x)
    np.testing.assert_allclose(found, [0, 0.55, 3.3], atol=2e-3)


def test_f_anogan_compares_pixels_and_features():
    """Pixels differ by (x − 6x)² = 25 x², and features by (x² − 36 x²)² = 1225 x⁴."""
    functions = {
        "generator": lambda z: 3 * z,
        "encoder": lambda x: 2 * x,
        "discriminator": judge,
    }
    played, sampler = made(f_anogan, functions, prior=1.0)
    pixels, features = 25 * X[:, 0] ** 2, 1225 * X[:, 0] ** 4
    loss, metrics, _ = paid(played, "encoder", BATCH, knobs={"weights.features": 0.1})
    np.testing.assert_allclose(loss, np.mean(pixels + 0.1 * features), rtol=1e-6)
    np.testing.assert_allclose(metrics["pixels"], pixels.mean(), rtol=1e-6)
    found = sampler.abilities["anomaly"](applied(played), jnp.asarray(X))
    np.testing.assert_allclose(found, pixels + features, rtol=1e-6)
    # The GAN is trained as before: Wasserstein, where every fake logit is 3·1.
    assert paid(played, "generator", BATCH)[0] == -3
    assert paid(played, "discriminator", BATCH)[0] == 3 - 2


def test_ganomaly_compares_codes():
    """The anomaly score of x is the distance of its codes, |2x + 6·6x| = 38|x|."""
    functions = {
        "encoder": lambda x: 2 * x,
        "decoder": lambda z: 3 * z,
        "second_encoder": lambda x: -6 * x,
        "discriminator": judge,
    }
    played, sampler = made(ganomaly, functions)
    weights = {"features": 0.5, "content": 50.0, "code": 2.0}
    knobs = {f"weights.{name}": value for name, value in weights.items()}
    loss, metrics, _ = paid(played, "autoencoder", BATCH, knobs=knobs)
    lost = {
        "features": np.mean(1225 * X**4),
        "content": np.mean(5 * X),
        "code": np.mean((38 * X) ** 2),
    }
    for name, value in lost.items():
        np.testing.assert_allclose(metrics[name], value, rtol=1e-6)
    total = sum(weights[name] * value for name, value in lost.items())
    np.testing.assert_allclose(loss, total, rtol=1e-6)
    found = sampler.abilities["anomaly"](applied(played), jnp.asarray(X))
    np.testing.assert_allclose(found, 38 * X[:, 0], rtol=1e-6)
