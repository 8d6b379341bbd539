"""The numerics of GANs: spectra of the gradient field (Mescheder et al. 2017).

The paper shows that consensus optimisation finds all modes and moves the spectrum left.
We train with and without it, count modes, and compute both spectra at the end points.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

import ganjax
from ganjax.build import build
from ganjax.core import compile_step, make_train_step
from ganjax.space import grid, product, seeds

from ..claims import Claim, at_least, at_most, exactly
from ..figures import COLOURS, draw_courses, panels
from ..points import POPULATIONS, both, of_points
from ..trials import chosen, last, lead, trained

GAMMA = 10.0
# scale -> (seeds, steps)
SCALES = {"quick": (2, 20_000), "paper": (3, 50_000)}
WAYS = ("simultaneous", "consensus")


def run(scale, seed, out):
    count, steps = SCALES[scale]
    trials = trained(
        _config(steps),
        product(grid({"dynamics.name": WAYS}), seeds(count, seed)),
        out / "sweep",
        population=POPULATIONS[scale],
    )
    spectra = {}
    for way in WAYS:
        first = next(t for t in trials if t.point["dynamics.name"] == way)
        spectra[way] = _spectrum(ganjax.load(first.path))
    return {"trials": [trial.row for trial in trials], "spectra": spectra}


def _config(steps):
    return of_points(
        "ring8_pacgan",
        steps=steps,
        snapshots=10,
        batch_size=512,
        latents={"name": "normal", "size": 16},
        networks=both(widths=(16,) * 4, activation="relu"),
        dynamics={"strength": GAMMA},
        optimizers=both(name="rmsprop", learning_rate=1e-4, b1=0.0, b2=0.9),
    )


def _spectrum(run):
    """Return eigenvalues and traces of J and J − γJᵀJ at the end of a run.

    J is the Jacobian of the gradient field. J − γJᵀJ is the matrix that the paper
    analyses for consensus optimisation.
    """
    matrix = jacobian(run)
    values = np.linalg.eigvals(matrix)
    regularised = np.linalg.eigvals(matrix - GAMMA * matrix.T @ matrix)
    return {
        "field": _listed(values),
        "consensus": _listed(regularised),
        "trace": float(np.trace(matrix)),
        "trace_consensus": float(np.trace(matrix) - GAMMA * np.sum(matrix**2)),
    }


def _listed(values):
    return [[float(f"{v.real:.5g}"), float(f"{v.imag:.5g}")] for v in values]


def jacobian(run) -> np.ndarray:
    """Return the Jacobian J of the gradient field v at the end of a run.

    v holds the descent directions of both players on one batch. J holds the derivatives
    of v with respect to all parameters (Mescheder et al. 2017, arXiv 1705.10461,
    section 3).

    Args:
      run: a run as ``ganjax.load`` returns it.

    Returns:
      float64 ``[P, P]`` for P parameters.
    """
    setup = build(run.config)

    def probe(field, params, knobs):
        """Dynamics that do not move and report the Jacobian of the field."""
        names = sorted(params)
        start, unravel = ravel_pytree([params[name] for name in names])

        def directions(flat):
            moved = dict(zip(names, unravel(flat), strict=True))
            gradients, _ = field(moved)
            own = {k: v for found in gradients.values() for k, v in found.items()}
            return -ravel_pytree([own[name] for name in names])[0]

        _, push = jax.linearize(directions, start)
        columns = jax.lax.map(push, jnp.eye(len(start)), batch_size=32)
        gradients, reports = field(params)
        first = next(iter(reports))
        reports[first] = reports[first].replace(metrics={"jacobian": columns.T})
        return jax.tree.map(jnp.zeros_like, gradients), reports

    game = dataclasses.replace(setup.game, dynamics=probe)
    step = compile_step(make_train_step(game, batch=setup.feed.batch))
    _, metrics = step(run.state, setup.feed.data)
    (found,) = (v for k, v in metrics.items() if k.endswith("/jacobian"))
    return np.asarray(found[0], np.float64)


def _rows(results, way):
    return chosen(results["trials"], dynamics__name=way)


def _rightmost(values):
    return max(real for real, _ in values)


CLAIMS = (
    Claim(
        "where consensus ended: largest real part of J − γJᵀJ minus the largest real "
        "part of J",
        lambda r: (
            _rightmost(r["spectra"]["consensus"]["consensus"])
            - _rightmost(r["spectra"]["consensus"]["field"])
        ),
        at_most(1e-6),
        published="moves left",
    ),
    Claim(
        "where each ended: mean real part of J − γJᵀJ minus the mean real part of J",
        lambda r: [
            (found["trace_consensus"] - found["trace"]) / len(found["field"])
            for found in r["spectra"].values()
        ],
        at_most(0.0),
        published="moves left",
    ),
    Claim(
        "quick: modes with consensus minus modes with simultaneous steps, mean over "
        "seeds",
        lambda r: lead(_rows(r, "consensus"), _rows(r, "simultaneous"), "modes"),
        at_least(1.0),
        scale="quick",
    ),
    Claim(
        "quick: modes with consensus, on every seed",
        lambda r: last(_rows(r, "consensus"), "modes"),
        at_least(7),
        published=8,
        scale="quick",
    ),
    Claim(
        "consensus reaches 8 modes, on every seed",
        lambda r: last(_rows(r, "consensus"), "modes"),
        exactly(8),
        published=8,
        scale="paper",
    ),
)


def figure(results):
    drawn, axes = panels(1, 3, width=2.6, height=2.3)
    for axis, way in zip(axes[0], WAYS, strict=False):
        found = results["spectra"][way]
        for name, label, colour in (
            ("field", "J", COLOURS[0]),
            ("consensus", "J − γJᵀJ", COLOURS[1]),
        ):
            axis.plot(
                *np.array(found[name]).T, ".", color=colour, markersize=2, label=label
            )
        axis.axvline(0, color="#333333", linewidth=0.5)
        axis.set_xscale("symlog", linthresh=1e-3)
        axis.set_yscale("symlog", linthresh=1e-3)
        limits = axis.get_xlim()
        axis.set_xticks([-1e5, -1e2, -0.1, 0, 0.1, 1e2])
        axis.set_xlim(limits)
        axis.set(title=f"where {way} ended", xlabel="real part")
    axes[0, 0].set_ylabel("imaginary part")
    axes[0, 0].legend(markerscale=3)
    for way, colour in zip(WAYS, COLOURS, strict=False):
        rows = _rows(results, way)
        draw_courses(axes[0, 2], rows, "modes", label=way, color=colour)
    axes[0, 2].set(xlabel="step", title="modes of 8")
    axes[0, 2].legend()
    return drawn
