"""WGAN-GP: value surfaces of critics, clipped and penalised (Gulrajani et al. 2017).

The paper's figure 1 shows critics between toy data and a fixed generator. We train the
critics and measure gradient norms and the distribution of weights.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ganjax.data import open_source
from ganjax.networks import mlp
from ganjax.optimizers import clip_weights

from ..claims import Claim, at_least, between
from ..critics import critic_game, trained_critics
from ..figures import panels

DATA = ("ring8_wgan_gp", "grid25_wgan_gp", "swiss_roll")
CLIP = 0.01
# Weights of the penalty: 10 in the paper's text, 0.1 in the paper's code for toy data.
KINDS = {"clipped": 0.0, "penalised": 10.0, "penalised, λ = 0.1": 0.1}
# scale -> (widths, updates, factor on the paper's learning rates)
SCALES = {"quick": ((128,) * 3, 6000, 4.0), "paper": ((512,) * 3, 100_000, 1.0)}
GRID, REACH = 48, 2.0


def run(scale, seed, out):
    return {
        data: {kind: _critic(data, kind, seed, *SCALES[scale]) for kind in KINDS}
        for data in DATA
    }


def _critic(data, kind, seed, widths, updates, factor):
    """Train a critic between the data and data + N(0, I), and return measurements."""
    sampler = open_source(data).train

    def draw(key, knobs):
        real, noise = jax.random.split(key)
        x = sampler(real[None])["data"][0]
        return x, x + jax.random.normal(noise, x.shape)

    def optimizer(knobs):
        if kind == "clipped":
            return clip_weights(optax.rmsprop(factor * 5e-5, eps_in_sqrt=False), CLIP)
        return optax.adam(factor * 1e-4, b1=0.5, b2=0.9)

    game = critic_game(
        mlp.Discriminator(widths=widths, activation="relu"),
        2,
        draw,
        loss="wasserstein",
        penalty="wgan_gp" if KINDS[kind] else "",
        optimizer=optimizer,
    )
    ((state, score),) = trained_critics(
        game, [{"weight": KINDS[kind]}], steps=updates, seed=seed
    )
    line = np.linspace(-REACH, REACH, GRID)
    places = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    values = score(places)
    keys = jax.random.split(jax.random.key(seed + 1), 2000)
    real, fake = jax.vmap(lambda key: draw(key, {}))(keys)
    share = jax.random.uniform(jax.random.key(seed + 2), (len(keys), 1))

    def logit(x):
        return game.networks["critic"]({"params": state.params["critic"]}, x[None])[0]

    slopes = jax.vmap(jax.grad(logit))(real + share * (fake - real))
    weights = np.concatenate(
        [np.ravel(leaf) for leaf in jax.tree.leaves(state.params["critic"])]
    )
    return {
        "surface": [
            [float(f"{v:.4g}") for v in row] for row in values.reshape(GRID, GRID)
        ],
        "points": np.round(np.asarray(real[:300]), 3).tolist(),
        "slope": float(jnp.linalg.norm(slopes, axis=1).mean()),
        "at_bound": float(np.mean(np.abs(weights) > 0.99 * CLIP)),
        "weights": np.histogram(weights, 60)[0].tolist(),
        "edges": np.histogram(weights, 60)[1].round(5).tolist(),
    }


def _each(kind, name):
    return lambda r: [r[data][kind][name] for data in DATA]


def _claims(scale, said):
    return (
        Claim(
            f"{said}mean gradient norm of penalised critics, on each data set",
            _each("penalised", "slope"),
            between(0.8, 1.2),
            published=1,
            scale=scale,
        ),
        Claim(
            f"{said}the same at λ = 0.1, where the best slope is steeper",
            _each("penalised, λ = 0.1", "slope"),
            at_least(2.0),
            scale=scale,
        ),
        Claim(
            f"{said}share of clipped weights at the bound, on each data set",
            _each("clipped", "at_bound"),
            at_least(0.8),
            published="at both ends",
            scale=scale,
        ),
    )


CLAIMS = (*_claims("quick", "quick: "), *_claims("paper", ""))


def figure(results):
    drawn, axes = panels(len(KINDS), len(DATA) + 1, width=1.9, height=1.8)
    line = np.linspace(-REACH, REACH, GRID)
    for row, kind in enumerate(KINDS):
        for column, data in enumerate(DATA):
            axis, found = axes[row, column], results[data][kind]
            axis.contour(line, line, np.array(found["surface"]), 14, linewidths=0.7)
            axis.plot(*np.array(found["points"]).T, ".", color="#D55E00", markersize=1)
            axis.set(aspect="equal", title=f"{data.split('_')[0]}, {kind}")
        axis = axes[row, -1]
        found = results[DATA[-1]][kind]
        axis.stairs(found["weights"], found["edges"], fill=True)
        axis.set(title=f"weights, {kind}", yscale="log")
        axis.locator_params(axis="x", nbins=3)
    return drawn
