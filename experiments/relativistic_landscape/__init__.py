"""Relativistic GANs have a better landscape (Sun, Fang and Schwing 2020)."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
from scipy import optimize

from experiments.claims import Claim, at_least, exactly, near
from experiments.figures import COLOURS, draw_courses, panels
from experiments.points import POPULATIONS, both, of_points
from experiments.relativistic_landscape.clusters import lesser_shares
from experiments.trials import chosen, trained
from ganjax.objectives import LOSSES
from ganjax.space import grid, product, seeds

# The paper's JS-GAN and RS-GAN, and what they are called here.
PAIR = {"minimax": "separable", "relativistic_pairing": "relativistic"}
TRAINED = ("non_saturating", "relativistic_pairing")
POINTS = (2, 3)
SEEDS, STEPS = 10, 5000  # of the clusters
# scale -> seeds, steps of the five Gaussians, of which nothing is claimed
SCALES = {"quick": (2, 4000), "paper": (5, 20_000)}
# Logits further apart than this are as good as infinitely far.
REACH = 40.0


def run(scale, seed, out):
    count, steps = SCALES[scale]
    gaussians = trained(
        _gaussians(steps),
        product(grid({"loss.name": TRAINED}), seeds(count, seed)),
        out / "gaussians",
        population=POPULATIONS[scale],
    )
    return {
        "landscape": {
            loss: {str(n): _landscape(loss, n) for n in POINTS} for loss in PAIR
        },
        "clusters": {loss: _escapes(loss, seed) for loss in TRAINED},
        "gaussians": [trial.row for trial in gaussians],
    }


def _landscape(loss, n):
    """Every way to lay n generated points on n data points or off them.

    Returns:
      The value of each (the discriminator's best, in the paper's sign), whether it is a
      strict local minimum of the generator's problem, and whether that is a bad one.

    A point that lies on no data can move without changing anything, so a strict local
    minimum has every point on data; and it is one if moving any of them off, to a place
    of its own, raises the value.
    """
    off = -1
    values = {}

    def value(places):
        # Which data point is which does not matter to the value of a place off them.
        if places not in values:
            values[places] = best_value(loss, n, places)
        return values[places]

    rows = []
    for places in itertools.product(range(off, n), repeat=n):
        strict = off not in places and all(
            value(tuple(off if i in moved else p for i, p in enumerate(places)))
            > value(places) + 1e-4
            for size in range(1, n + 1)
            for moved in itertools.combinations(range(n), size)
        )
        rows.append({"places": list(places), "value": value(places), "strict": strict})
    least = min(row["value"] for row in rows)
    for row in rows:
        row["bad"] = row["strict"] and row["value"] > least + 1e-4
    return rows


def best_value(loss, n, places):
    """sup over logits of −(the discriminator's loss): a discriminator may give each
    place any logit, and each generated point off the data has a place of its own."""
    at = [p if p >= 0 else n + i for i, p in enumerate(places)]
    price = LOSSES[loss].discriminator
    with jax.enable_x64(True):

        @jax.jit
        def objective(logits):
            return price(logits[:n], logits[jnp.array(at)])

        slope = jax.jit(jax.value_and_grad(objective))
        found = optimize.minimize(
            lambda x: [np.asarray(v, np.float64) for v in slope(jnp.asarray(x))],
            np.zeros(2 * n),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-REACH, REACH)] * (2 * n),
            options={"maxiter": 5000, "ftol": 1e-14, "gtol": 1e-10},
        )
    return float(-found.fun)


def _gaussians(steps):
    return of_points(
        "ring5_rsgan",
        steps=steps,
        snapshots=40,
        batch_size=128,
        latents={"name": "normal", "size": 2},
        networks={
            "generator": {"widths": (128, 128)},
            "discriminator": {"widths": (128, 128, 128)},
        },
        optimizers=both(learning_rate=1e-4, b1=0.0, b2=0.9),
    )


def _escapes(loss, seed):
    """For each seed the steps until a fifth of the points lie in either cluster; one
    more than there are if they never do."""
    shares = lesser_shares(loss, range(seed, seed + SEEDS), STEPS)
    both = shares >= 0.2
    first = np.where(both.any(axis=1), both.argmax(axis=1), STEPS)
    return (first + 1).tolist()


def _sooner(results):
    separable, relativistic = (results["clusters"][loss] for loss in TRAINED)
    return sum(b < a for a, b in zip(separable, relativistic, strict=True))


def _bad(results, loss, n):
    return [row for row in results["landscape"][loss][str(n)] if row["bad"]]


CLAIMS = (
    *(
        Claim(
            f"bad strict local minima of the separable GAN with {n} points, nⁿ − n!",
            lambda r, n=n: len(_bad(r, "minimax", n)),
            exactly(n**n - math.factorial(n)),
            published=n**n - math.factorial(n),
        )
        for n in POINTS
    ),
    *(
        Claim(
            f"bad strict local minima of the relativistic GAN with {n} points",
            lambda r, n=n: len(_bad(r, "relativistic_pairing", n)),
            exactly(0),
            published=0,
        )
        for n in POINTS
    ),
    Claim(
        "value of the separable GAN's bad minimum with 2 points, (ln ⅓ + 2 ln ⅔)/2",
        lambda r: [row["value"] for row in _bad(r, "minimax", 2)],
        near((math.log(1 / 3) + 2 * math.log(2 / 3)) / 2, absolute=1e-3),
    ),
    Claim(
        "value of its best, −ln 4",
        lambda r: min(row["value"] for row in r["landscape"]["minimax"]["2"]),
        near(-math.log(4), absolute=1e-3),
        published=-1.386,
    ),
    Claim(
        "value of the relativistic GAN's best, −ln 2",
        lambda r: min(
            row["value"] for row in r["landscape"]["relativistic_pairing"]["2"]
        ),
        near(-math.log(2), absolute=1e-3),
        published=-0.693,
    ),
    Claim(
        f"two clusters: seeds of {SEEDS} on which the relativistic GAN "
        f"generates both sooner",
        _sooner,
        at_least(8),
        published="sooner",
    ),
)


def figure(results):
    drawn, axes = panels(1, 3, width=2.6, height=2.3)
    landscape, clusters, gaussians = axes[0]
    for loss, colour, side in (
        ("minimax", COLOURS[0], -0.15),
        ("relativistic_pairing", COLOURS[1], 0.15),
    ):
        rows = results["landscape"][loss]["2"]
        for i, row in enumerate(rows):
            landscape.plot(
                i + side,
                row["value"],
                "X" if row["bad"] else "o",
                color=colour,
                markersize=6 if row["bad"] else 3.5,
                label=PAIR[loss] if i == 0 else None,
            )
    rows = results["landscape"]["minimax"]["2"]
    names = ["".join("–" if p < 0 else "ab"[p] for p in row["places"]) for row in rows]
    landscape.set_xticks(range(len(rows)), names)
    landscape.set(
        xlabel="where the two points lie (–: off the data)",
        ylabel="value",
        title="two data points a, b; ×: bad minimum",
    )
    landscape.legend()
    for loss, colour in zip(TRAINED, COLOURS, strict=False):
        label = "relativistic" if loss == "relativistic_pairing" else "separable"
        found = sorted(results["clusters"][loss])
        clusters.step(
            [0, *found],
            np.arange(len(found) + 1) / len(found),
            where="post",
            color=colour,
            label=label,
        )
        rows = chosen(results["gaussians"], loss__name=loss)
        draw_courses(gaussians, rows, "high_quality", label=label, color=colour)
    clusters.set(
        xlabel="step", ylabel="share of seeds", title="two clusters: both generated"
    )
    gaussians.set(
        xlabel="step", ylabel="samples within 3σ", ylim=(0, 1), title="five Gaussians"
    )
    gaussians.legend()
    return drawn
