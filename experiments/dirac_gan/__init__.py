"""Dirac-GAN: which GAN training methods converge (Mescheder et al. 2018).

The paper's figure 3 shows trajectories of a game with two parameters. We run the nine
methods in three update orders and compare radii and eigenvalues with the paper.
"""

import numpy as np

from ..claims import Claim, at_least, at_most, near
from ..figures import panels
from .game import METHODS, ORDERS, STEP_SIZE, trajectory

STEPS = 500
SETTLED = 100  # number of last steps in the mean radius

# Published radii after the last step, with simultaneous updates.
RADII = {
    "gan": 3.09695,
    "nsgan": 0.640207,
    "wgan": 1.00215,
    "wgan_gp": 1.80179,
    "gradient_penalty": 2.64266e-6,
}
WANDER = ("gan", "wgan", "wgan_gp")
CONVERGE = (
    "instance_noise", "gradient_penalty", "gradient_penalty_critical",
    "nsgan_gradient_penalty",
)  # fmt: skip
PENALISED = {"gradient_penalty": 0.3, "gradient_penalty_critical": 1.0}
SLOPE = 0.5  # f′(0)


def run(scale, seed, out):
    radii, settled, paths, multipliers = {}, {}, {}, {}
    for method in METHODS:
        radii[method], settled[method], paths[method] = {}, {}, {}
        for order in ORDERS:
            path = trajectory(method, order, STEPS, seed)
            radius = np.linalg.norm(path, axis=1)
            radii[method][order] = float(radius[-1])
            settled[method][order] = float(radius[-SETTLED:].mean())
            paths[method][order] = _thinned(path)
            if order == "simultaneous" and method in PENALISED:
                multipliers[method] = _multipliers(path)
    return {
        "radii": radii,
        "settled": settled,
        "multipliers": multipliers,
        "paths": paths,
    }


def _thinned(path):
    kept = np.concatenate([path[:100], path[100::5]])
    return [[float(f"{x:.5g}") for x in point] for point in kept]


def _multipliers(path):
    """Return ``[modulus, angle]`` of the eigenvalues of the step at the equilibrium.

    Close to the equilibrium the step is a linear map. Least squares over a few points
    of the path gives this map.
    """
    near_ = path[np.linalg.norm(path, axis=1) < 1e-3][:8]
    map_, *_ = np.linalg.lstsq(near_[:-1], near_[1:], rcond=None)
    values = sorted(np.linalg.eigvals(map_), key=lambda v: v.imag)
    return [[float(abs(v)), float(np.angle(v))] for v in values]


def derived(gamma: float) -> list[list[float]]:
    """Return ``[modulus, angle]`` of the eigenvalues of the step, from the formula.

    The eigenvalues of the gradient field are −γ/2 ± √(γ²/4 − f′(0)²) (Mescheder et al.
    2018, section 4.1; equation 12 of Huang et al. 2024, R3GAN, prints f′(0) without its
    square).

    Args:
      gamma: the weight γ of the gradient penalty.
    """
    root = np.sqrt(complex(gamma**2 / 4 - SLOPE**2))
    values = [1 + STEP_SIZE * (-gamma / 2 + sign * root) for sign in (-1, 1)]
    values = sorted(values, key=lambda v: v.imag)
    return [[float(abs(v)), float(np.angle(v))] for v in values]


def _from_formula(method):
    def measured(results):
        return float(
            np.abs(
                np.subtract(results["multipliers"][method], derived(PENALISED[method]))
            ).max()
        )

    return measured


def _radius(method, order, kind="radii"):
    return lambda results: results[kind][method][order]


CLAIMS = (
    *(
        Claim(
            f"{method}, simultaneous: radius after {STEPS} steps",
            _radius(method, "simultaneous"),
            near(radius, relative=1e-5),
            published=radius,
        )
        for method, radius in RADII.items()
    ),
    *(
        Claim(
            f"{method} does not converge in any order: mean radius of the last "
            f"{SETTLED} steps",
            lambda results, method=method: list(results["settled"][method].values()),
            at_least(0.5),
            published="does not converge",
        )
        for method in WANDER
    ),
    *(
        Claim(
            f"{method} converges in every order: mean radius of the last {SETTLED} "
            f"steps",
            lambda results, method=method: list(results["settled"][method].values()),
            at_most(0.1),
            published="converges",
        )
        for method in CONVERGE
    ),
    Claim(
        f"consensus converges in simultaneous and alternating_1 order: mean radius of "
        f"the last {SETTLED} steps",
        lambda results: [
            results["settled"]["consensus"][order]
            for order in ("simultaneous", "alternating_1")
        ],
        at_most(0.1),
        published="converges",
    ),
    Claim(
        "gradient_penalty: eigenvalues of the step at the equilibrium against "
        "1 + h(−γ/2 ± √(γ²/4 − f′(0)²)), largest difference of modulus and angle",
        _from_formula("gradient_penalty"),
        at_most(1e-5),
    ),
    Claim(
        "gradient_penalty_critical: the same, where both coincide and an error enters "
        "by its square root",
        _from_formula("gradient_penalty_critical"),
        at_most(1e-2),
    ),
)


def figure(results):
    """Draw trajectories from (1, 1): a column for each method, a row for each order."""
    methods = list(results["paths"])
    drawn, axes = panels(
        len(ORDERS), len(methods), width=1.25, height=1.35, sharex=True, sharey=True
    )
    for row, order in enumerate(ORDERS):
        for column, method in enumerate(methods):
            axis = axes[row, column]
            path = np.asarray(results["paths"][method][order])
            axis.plot(*path.T, linewidth=0.6, marker=".", markersize=1.2)
            axis.plot(0, 0, "+", color="#333333", markersize=5)
            axis.plot(*path[-1], "o", color="#D55E00", markersize=3)
            axis.set(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2), aspect="equal")
            if row == 0:
                axis.set_title(method.replace("_", "\n"))
            if column == 0:
                axis.set_ylabel(f"{order.replace('_', ' ')}\nψ")
            if row == len(ORDERS) - 1:
                axis.set_xlabel("θ")
    return drawn
