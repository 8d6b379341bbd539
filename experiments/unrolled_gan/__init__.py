"""Unrolled GAN: 0 and 5 unrolling steps on the ring (Metz et al. 2017)."""

import numpy as np
from ml_collections import ConfigDict

from experiments.claims import Claim, at_least
from experiments.figures import COLOURS, panels
from experiments.trials import chosen, curve, last, trained
from ganjax.space import grid, product, seeds

# scale -> seeds, steps
SCALES = {"quick": (2, 8000), "paper": (5, 25_000)}
# The joint game is the unrolled one with no step: nobody's update is looked through.
WAYS = {"simultaneous": 0, "unrolled": 5}


def run(scale, seed, out):
    count, steps = SCALES[scale]
    trials = trained(
        _config(steps),
        product(grid({"dynamics.name": WAYS}), seeds(count, seed)),
        out / "sweep",
        population="map",
    )
    return {"trials": [trial.row for trial in trials]}


def _config(steps):
    config = ConfigDict()
    config.steps = steps
    config.batch_size = 512
    config.data = {"name": "ring8"}
    config.latents = {"name": "normal", "size": 256}
    config.networks = {
        name: {"widths": (128, 128), "activation": "tanh"}
        for name in ("generator", "discriminator")
    }
    config.loss = {"name": "minimax"}
    config.dynamics = {"steps": 5}
    config.optimizers = {
        "discriminator": {"learning_rate": 1e-4, "b1": 0.5},
        "generator": {"learning_rate": 1e-3, "b1": 0.5},
    }
    config.ema = {"decay": 0.0}
    config.log = {"every": 500}
    config.samples = {"every": 0}
    config.evaluation = {"names": ("modes",), "every": steps // 5, "samples": 2500}
    config.checkpoint = {"every": steps}
    config.parallel = {"inner_steps": 100}
    return config


def _rows(results, way):
    return chosen(results["trials"], dynamics__name=way)


def _curves(results, way):
    """``(steps, modes [seeds, snapshots])``."""
    rows = [curve(row, "modes") for row in _rows(results, way)]
    return rows[0][0], np.array([values for _, values in rows])


def _gaps(results):
    """At each snapshot, mean modes with 5 steps less those with none."""
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
            for i, row in enumerate(_rows(results, way)):
                label = f"{steps} unrolling steps" if i == 0 else None
                axis.plot(*curve(row, name), ".-", color=colour, label=label)
        axis.set(xlabel="step", title=title)
    axes[0, 0].legend()
    return drawn
