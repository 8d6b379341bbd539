"""Wasserstein GAN: parallel lines, and the estimate of a penalised critic.

The paper compares W and JS on parallel lines. We train critics and a discriminator
there, and critics between Gaussians, and compare their estimates with derived values.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
from scipy import integrate, stats

from ganjax.metrics import wasserstein_1d
from ganjax.networks import mlp

from ..claims import Claim, at_most
from ..critics import critic_game, trained_critics
from ..figures import panels

THETAS = (-1.0, -0.5, -0.25, 0.25, 0.5, 1.0)
LAMBDA = 10.0  # weight of the penalty on the lines
# (mean, standard deviation) of the second Gaussian, and the weight of the penalty. The
# first Gaussian is N(0, 1).
GAUSSIANS = tuple(
    (mean, std, weight)
    for mean, std in ((1.0, 1.0), (2.0, 1.0), (0.0, 2.0), (1.0, 2.0))
    for weight in (1.0, 10.0)
)
FIRST_WEIGHT = 1e-3
STEPS = 4000
FRESH = 200_000


def _growing(knobs, step):
    """Return knobs whose penalty weight grows geometrically over the first half.

    λ (|f′| − 1)² has a barrier of height λ between positive and negative slopes. With
    the full weight from the start, each slope would keep its initial sign, although the
    correct sign can differ from place to place. The second half has the full weight.
    """
    share = jnp.minimum(2.0 * step / STEPS, 1.0)
    return {**knobs, "weight": FIRST_WEIGHT ** (1 - share) * knobs["weight"] ** share}


def _adam(knobs):
    return optax.adam(1e-3, b1=0.5, b2=0.99)


def _lines(key, knobs):
    """Draw points (0, U[0, 1]) and (θ, U[0, 1]) (Arjovsky et al. 2017, example 1)."""
    first, second = jax.random.uniform(key, (2,))
    return jnp.stack([jnp.zeros(()), first]), jnp.stack([knobs["theta"], second])


def _gaussians(key, knobs):
    first, second = jax.random.normal(key, (2, 1))
    return first, knobs["mean"] + knobs["std"] * second


def run(scale, seed, out):
    return {"lines": _on_lines(seed), "gaussians": _between_gaussians(seed)}


def _on_lines(seed):
    def critics(loss, penalty):
        game = critic_game(
            mlp.Discriminator(widths=(64, 64)),
            2,
            _lines,
            loss=loss,
            penalty=penalty,
            optimizer=_adam,
        )
        knobs = [{"theta": theta, "weight": LAMBDA} for theta in THETAS]
        return trained_critics(game, knobs, steps=STEPS, seed=seed)

    along = np.random.default_rng(seed).uniform(size=(2, FRESH))
    real = np.stack([np.zeros(FRESH), along[0]], axis=1)
    rows = []
    classifiers = critics("minimax", "")
    for theta, (_, score), (_, classify) in zip(
        THETAS, critics("wasserstein", "wgan_gp"), classifiers, strict=True
    ):
        fake = np.stack([np.full(FRESH, theta), along[1]], axis=1)
        softplus = np.logaddexp(0, [-classify(real), classify(fake)]).mean(axis=1)
        rows.append(
            {
                "theta": theta,
                # The lines are parallel, so mass moves only across, not along.
                "distance": wasserstein_1d(real[:, 0], fake[:, 0]),
                "estimate": float(score(real).mean() - score(fake).mean()),
                # The best discriminator has the value 2 JS − 2 ln 2; others have less.
                "divergence": float(np.log(2) - softplus.sum() / 2),
            }
        )
    return rows


def _between_gaussians(seed):
    game = critic_game(
        # The best slope is steeper in the tails (``derived``). A ReLU critic has
        # piecewise constant slopes, and the penalty does not place the pieces' ends.
        mlp.Discriminator(widths=(64, 64), activation="tanh"),
        1,
        _gaussians,
        loss="wasserstein",
        penalty="wgan_gp",
        optimizer=_adam,
    )
    game = dataclasses.replace(game, schedule=_growing)
    names = ("mean", "std", "weight")
    knobs = [dict(zip(names, row, strict=True)) for row in GAUSSIANS]
    rng = np.random.default_rng(seed)
    rows = []
    for own, (_, score) in zip(
        knobs, trained_critics(game, knobs, steps=STEPS, seed=seed), strict=True
    ):
        real, noise = rng.standard_normal((2, FRESH, 1))
        estimate = score(real).mean() - score(own["mean"] + own["std"] * noise).mean()
        distance, bias = derived(own["mean"], own["std"])
        rows.append(
            {
                **own,
                "distance": distance,
                "biased": distance + bias / own["weight"],
                "estimate": float(estimate),
            }
        )
    return rows


def derived(mean: float, std: float) -> tuple[float, float]:
    """Return W₁ of N(0, 1) and N(mean, std²), and the bias of a penalised critic.

    On a line, E f(x) − E f(y) = ∫ f′ (G − F) for the distribution functions F and G.
    The penalty is λ ∫ p (|f′| − 1)², with the density p of the points between x and y.
    At each point, the first integrand minus the second is largest for |f′| = 1 +
    |F − G| / 2λp. The critic's estimate is then ∫ |F − G| + (1/2λ) ∫ (F − G)² / p.

    Args:
      mean, std: mean and standard deviation of the second Gaussian.

    Returns:
      ``(W₁, λ · bias)``. Divide the second number by the weight λ of the penalty.
    """
    x = np.linspace(-8 * std, 8 * std + mean, 4001)
    gaps = abs(stats.norm.cdf(x) - stats.norm.cdf(x, mean, std))
    # A point at the share t between x and y is normal, and t is uniform on [0, 1].
    nodes, weights = np.polynomial.legendre.leggauss(64)
    t = (nodes + 1) / 2
    given = stats.norm.pdf(x[:, None], t * mean, np.hypot(1 - t, t * std))
    density = given @ weights / 2
    excess = np.where(density > 1e-12, gaps**2 / np.maximum(density, 1e-12), 0)
    return (
        float(integrate.simpson(gaps, x=x)),
        float(integrate.simpson(excess, x=x) / 2),
    )


def _worst(rows, name, wanted):
    return float(max(abs(row[name] / wanted(row) - 1) for row in rows))


CLAIMS = (
    Claim(
        "parallel lines: largest relative error of W from |θ|",
        lambda r: _worst(r["lines"], "distance", lambda row: abs(row["theta"])),
        at_most(1e-9),
        published="|θ|",
    ),
    Claim(
        "parallel lines: the critic's estimate from |θ| + θ²/2λ, largest relative "
        "error",
        lambda r: _worst(
            r["lines"],
            "estimate",
            lambda row: abs(row["theta"]) + row["theta"] ** 2 / (2 * LAMBDA),
        ),
        at_most(0.05),
    ),
    Claim(
        "parallel lines: JS by a trained discriminator from ln 2 at every θ, largest "
        "relative error",
        lambda r: _worst(r["lines"], "divergence", lambda row: np.log(2)),
        at_most(0.02),
        published="ln 2",
    ),
    Claim(
        "Gaussians: the critic's estimate from W₁ and the penalty's bias, largest "
        "relative error",
        lambda r: _worst(r["gaussians"], "estimate", lambda row: row["biased"]),
        at_most(0.05),
    ),
)


def figure(results):
    drawn, axes = panels(1, 3, width=2.5, height=2.3)
    distance, divergence, gaussians = axes[0]
    lines = results["lines"]
    theta = [row["theta"] for row in lines]
    grid = np.linspace(-1, 1, 101)
    distance.plot(grid, abs(grid), color="#333333", linewidth=0.8, label="|θ|")
    distance.plot(
        grid,
        abs(grid) + grid**2 / (2 * LAMBDA),
        color="#333333",
        linewidth=0.8,
        linestyle=":",
        label="|θ| + θ²/2λ",
    )
    distance.plot(theta, [row["estimate"] for row in lines], "o", label="critic")
    distance.set(xlabel="θ", ylabel="W", title="earth mover's distance")
    divergence.axhline(np.log(2), color="#333333", linewidth=0.8, label="ln 2")
    values = [row["divergence"] for row in lines]
    divergence.plot(theta, values, "o", label="discriminator")
    divergence.set(xlabel="θ", ylabel="JS", ylim=(0, 0.8), title="Jensen-Shannon")
    rows = results["gaussians"]
    top = max(row["biased"] for row in rows) * 1.1
    gaussians.plot([0, top], [0, top], color="#333333", linewidth=0.8)
    for weight, marker in ((1.0, "o"), (10.0, "s")):
        own = [row for row in rows if row["weight"] == weight]
        biased, estimate = ([row[n] for row in own] for n in ("biased", "estimate"))
        gaussians.plot(biased, estimate, marker, label=f"λ = {weight:g}")
    gaussians.set(xlabel="W₁ and bias, derived", ylabel="critic", title="Gaussians")
    for axis in axes[0]:
        axis.legend()
    return drawn
