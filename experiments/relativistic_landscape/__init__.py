"""Relativistic GANs have a better landscape (Sun, Fang and Schwing 2020).

The paper counts bad local minima and trains on two clusters. We count the minima with
the best discriminator, and measure how soon each loss generates both clusters.
"""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
from scipy import optimize

from ganjax.objectives import LOSSES
from ganjax.space import grid, product, seeds

from ..claims import Claim, at_least, exactly, near
from ..figures import COLOURS, draw_courses, panels
from ..points import POPULATIONS, both, of_points
from ..trials import chosen, trained
from .clusters import lesser_shares

# The losses of the paper's JS-GAN and RS-GAN, and their names in figures.
PAIR = {"minimax": "separable", "relativistic_pairing": "relativistic"}
TRAINED = ("non_saturating", "relativistic_pairing")
POINTS = (2, 3)
SEEDS, STEPS = 10, 5000  # runs on two clusters
# scale -> (seeds, steps) of the five Gaussians. There is no claim about them.
SCALES = {"quick": (2, 4000), "paper": (5, 20_000)}
# Bound on logits. The loss at this bound is practically the loss at infinity.
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
    """Return all placements of n generated points on n data points or off the data.

    A generated point off the data can move without a change in value. So at a strict
    local minimum every generated point lies on a data point. The placement is a strict
    local minimum if the value rises whenever some points move to separate places off
    the data.

    Returns:
      For each placement: its value with the best discriminator, in the paper's sign;
      whether it is a strict local minimum of the generator's problem; and whether it is
      a bad one, with a value above the least value.
    """
    off = -1
    values = {}

    def value(places):
        # A placement can be needed more than once, so its value is kept.
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
    """Return the value of a GAN with the best discriminator: the supremum over logits
    of −(the discriminator's loss).

    The discriminator can give each place any logit. Each generated point that lies on
    no data point has a separate place.

    Args:
      loss: a name of ``LOSSES``.
      n: the number of data points, which is also the number of generated points.
      places: for each generated point, the index of the data point on which it lies, or
        −1.
    """
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
    """Return, for each seed, the first step with a fifth of the points in each cluster.

    The value is ``STEPS`` + 1 if no step has them.
    """
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
