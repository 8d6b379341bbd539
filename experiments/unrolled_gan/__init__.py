"""Unrolled GAN: 0 and 5 unrolling steps on the ring (Metz et al. 2017).

The paper's figure 2 shows samples over training. We train with both numbers of steps
and count modes and samples within 3σ.
"""

import numpy as np

from ganjax.space import grid, product, seeds

from ..claims import Claim, at_least
from ..figures import COLOURS, draw_courses, panels
from ..points import POPULATIONS, both, of_points
from ..trials import chosen, curve, last, lead, trained

# scale -> (seeds, steps)
SCALES = {"quick": (2, 3000), "paper": (5, 25_000)}
# Simultaneous dynamics equal unrolled dynamics with 0 steps.
WAYS = {"simultaneous": 0, "unrolled": 5}


def run(scale, seed, out):
    count, steps = SCALES[scale]
    trials = trained(
        _config(steps),
        product(grid({"dynamics.name": WAYS}), seeds(count, seed)),
        out / "sweep",
        population=POPULATIONS[scale],
    )
    return {"trials": [trial.row for trial in trials]}


def _config(steps):
    return of_points(
        "ring8",
        steps=steps,
        snapshots=5,
        batch_size=512,
        latents={"name": "normal", "size": 256},
        networks=both(widths=(128, 128), activation="tanh"),
        loss={"name": "minimax"},
        dynamics={"steps": 5},
        optimizers={
            "discriminator": {"learning_rate": 1e-4, "b1": 0.5},
            "generator": {"learning_rate": 1e-3, "b1": 0.5},
        },
    )


def _rows(results, way):
    return chosen(results["trials"], dynamics__name=way)


def _curves(results, way):
    """Return ``(steps, modes [seeds, snapshots])``."""
    rows = [curve(row, "modes") for row in _rows(results, way)]
    return rows[0][0], np.array([values for _, values in rows])


def _gaps(results):
    """Return, for each snapshot, mean modes with 5 steps minus mean modes with 0."""
    with_, without = (
        _curves(results, way)[1].mean(axis=0) for way in ("unrolled", "simultaneous")
    )
    return (with_ - without).tolist()


CLAIMS = (
    Claim(
        "quick: modes at the end with 5 steps, on every seed",
        lambda r: last(_rows(r, "unrolled"), "modes"),
        at_least(7),
        scale="quick",
    ),
    Claim(
        "quick: share of samples within 3σ at the end, with 5 steps less with none, "
        "mean over seeds",
        lambda r: lead(_rows(r, "unrolled"), _rows(r, "simultaneous"), "high_quality"),
        at_least(0.2),
        scale="quick",
    ),
    Claim(
        "seeds of 5 on which 5 steps find at least 7 modes",
        lambda r: sum(n >= 7 for n in last(_rows(r, "unrolled"), "modes")),
        at_least(4),
        published="spreads over all 8",
        scale="paper",
    ),
    Claim(
        "at every snapshot, modes with 5 steps less those with none",
        _gaps,
        at_least(0.5),
        published="0 steps rotate among the modes",
        scale="paper",
    ),
)


def figure(results):
    drawn, axes = panels(1, 2, width=2.8, height=2.2)
    for axis, name, title in (
        (axes[0, 0], "modes", "modes of 8"),
        (axes[0, 1], "high_quality", "share of samples within 3σ"),
    ):
        for (way, steps), colour in zip(WAYS.items(), COLOURS, strict=False):
            label = f"{steps} unrolling steps"
            rows = _rows(results, way)
            draw_courses(axis, rows, name, label=label, color=colour, marker=".")
        axis.set(xlabel="step", title=title)
    axes[0, 1].legend(loc="upper left")
    return drawn
