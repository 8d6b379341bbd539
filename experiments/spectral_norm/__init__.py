"""Spectral normalisation: power iteration against SVD, Lipschitz bounds in training.

The paper bounds a network's Lipschitz constant by the product of its layers' norms. We
check the estimate of the norm, and the bound over a training run.
"""

import jax
import jax.numpy as jnp
import numpy as np

import ganjax
from ganjax.networks.layers import Linear
from ganjax.space import grid, product, seeds

from ..claims import Claim, at_least, at_most, near
from ..figures import COLOURS, panels
from ..points import both, of_points
from ..trials import trained

# The matrix of the power iteration: its size, and σ₂/σ₁.
SINGULAR, RATIOS = 64, (0.7, 0.9)
ITERATIONS = 40
TRIALS = 3
KINDS = {
    "spectral": {"networks.discriminator.normalization": "spectral"},
    "none": {"networks.discriminator.normalization": "none"},
}


def run(scale, seed, out):
    training = []
    for trial in trained(_config(), _space(seed), out / "sweep"):
        run = ganjax.load(trial.path)
        for state in run.states():
            training.append(
                {
                    "kind": trial.point["networks.discriminator.normalization"],
                    "seed": int(trial.point["seed"]),
                    "step": int(state.step),
                    **_measured(run, state),
                }
            )
    return {
        "iteration": {str(ratio): _iteration(ratio, seed) for ratio in RATIOS},
        "training": training,
    }


def _iteration(ratio, seed):
    """Return the error σ₁ − σ̂ of the estimate after each iteration.

    The singular values are 1, ``ratio`` and others of at most ``ratio`` / 2, so that
    ``ratio`` decides the speed.
    """
    rng = np.random.default_rng(seed)
    left, right = (
        np.linalg.qr(x)[0] for x in rng.standard_normal((2, SINGULAR, SINGULAR))
    )
    others = ratio * np.linspace(0.5, 0.05, SINGULAR - 2)
    values = np.concatenate([[1.0, ratio], others])
    with jax.enable_x64(True):
        matrix = jnp.asarray(left * values @ right)
        layer = Linear(SINGULAR, use_bias=False, spectral=True, dtype=jnp.float64)
        variables = dict(
            layer.init(jax.random.key(seed), jnp.zeros((1, SINGULAR), jnp.float64))
        )
        variables["params"] = {"kernel": matrix}
        errors = []
        for _ in range(ITERATIONS):
            seen, written = layer.apply(
                variables, jnp.eye(SINGULAR, dtype=jnp.float64), mutable=["spectral"]
            )
            # The layer divides by its estimate.
            estimate = float(jnp.linalg.norm(matrix) / jnp.linalg.norm(seen))
            errors.append(1.0 - estimate)
            variables |= written
    return errors


def _config():
    return of_points(
        "ring8",
        steps=4000,
        snapshots=8,
        batch_size=128,
        latents={"name": "normal", "size": 2},
        networks=both(widths=(128, 128, 128)),
        loss={"name": "hinge"},
        optimizers=both(learning_rate=1e-3, b1=0.0, b2=0.9),
        checkpoint={"every": 500, "keep": 100},
    )


def _space(seed):
    return product(
        grid({"networks.discriminator.normalization": KINDS}), seeds(TRIALS, seed)
    )


def _measured(run, state):
    """Return measurements of the discriminator.

    They are the norm of each layer's matrix after normalisation, the largest gradient
    norm at generated and at random points, and the singular values of a hidden layer.
    """
    model = run.model_of(state)
    variables = model.variables["discriminator"]
    spectral = run.config.networks.discriminator.normalization == "spectral"
    norms = []
    for path, own in _layers(variables["params"]):
        if spectral:
            stored = variables["spectral"]
            for name in path:
                stored = stored[name]
            kernel = Linear(
                own["kernel"].shape[1], use_bias=False, spectral=True
            ).apply(
                {"params": {"kernel": own["kernel"]}, "spectral": stored},
                jnp.eye(own["kernel"].shape[0]),
            )
        else:
            kernel = own["kernel"]
        values = np.linalg.svd(np.asarray(kernel, np.float64), compute_uv=False)
        norms.append(float(values[0]))
        if kernel.shape == (128, 128):
            spectrum = (values / values[0]).round(4).tolist()
    fake = model.sampler.sample(model.apply, jax.random.split(jax.random.key(0), 1000))
    points = jnp.concatenate(
        [fake, jax.random.uniform(jax.random.key(1), (4000, 2), minval=-2, maxval=2)]
    )

    def logit(x):
        return run.game.networks["discriminator"](variables, x[None])[0]

    slopes = jnp.linalg.norm(jax.jit(jax.vmap(jax.grad(logit)))(points), axis=1)
    return {"norms": norms, "slope": float(slopes.max()), "spectrum": spectrum}


def _layers(params, path=()):
    """Yield ``(path, {'kernel', …})`` for every layer, in the order of names."""
    for name in sorted(params):
        own = params[name]
        if "kernel" in own:
            yield (*path, name), own
        else:
            yield from _layers(own, (*path, name))


def _rate(ratio):
    """Return a function: the factor by which one iteration multiplies the error.

    The first iterations, and errors at the level of rounding, are left out.
    """

    def measured(results):
        errors = np.array(results["iteration"][str(ratio)])
        there = np.flatnonzero((errors < 1e-2) & (errors > 1e-11))
        slope = np.polyfit(there, np.log(errors[there]), 1)[0]
        return float(np.exp(slope))

    return measured


def _rows(results, kind, first=1):
    return [
        row
        for row in results["training"]
        if row["kind"] == kind and row["step"] >= first
    ]


CLAIMS = (
    *(
        Claim(
            f"power iteration, σ₂/σ₁ = {ratio}: factor of the error an iteration, "
            f"(σ₂/σ₁)⁴",
            _rate(ratio),
            near(ratio**4, relative=0.05),
        )
        for ratio in RATIOS
    ),
    Claim(
        "its estimate is never above σ₁: least error",
        lambda r: float(min(min(errors) for errors in r["iteration"].values())),
        at_least(-1e-12),
    ),
    Claim(
        "through training, spectrally normalised: largest norm of a layer, which one "
        "iteration an update holds at 1",
        lambda r: float(max(max(row["norms"]) for row in _rows(r, "spectral"))),
        at_most(1.1),
        published=1,
    ),
    Claim(
        "the discriminator's slope is never above the product of its layers' norms: "
        "largest ratio",
        lambda r: float(
            max(row["slope"] / np.prod(row["norms"]) for row in r["training"])
        ),
        at_most(1.0001),
        published=1,
    ),
    Claim(
        "without normalisation the product of norms ends above, in each run",
        lambda r: [
            float(np.prod(row["norms"])) for row in _rows(r, "none", first=4000)
        ],
        at_least(10),
    ),
)


def figure(results):
    drawn, axes = panels(1, 3, width=2.6, height=2.3)
    iteration, training, spectrum = axes[0]
    for (ratio, errors), colour in zip(
        results["iteration"].items(), COLOURS, strict=False
    ):
        steps = np.arange(len(errors))
        iteration.semilogy(steps, errors, ".", color=colour, label=f"σ₂/σ₁ = {ratio}")
        start = next(i for i, e in enumerate(errors) if e < 1e-2)
        derived = errors[start] * float(ratio) ** (4 * (steps - start))
        iteration.semilogy(steps, derived, color=colour, linewidth=0.8)
    iteration.set(xlabel="iterations", ylabel="σ₁ − estimate", ylim=(1e-16, 1))
    iteration.set_title("power iteration; lines: (σ₂/σ₁)⁴")
    iteration.legend()
    for kind, colour in zip(KINDS, COLOURS, strict=False):
        rows = _rows(results, kind)
        steps = sorted({row["step"] for row in rows})
        for name, style in (("bound", "-"), ("slope", ":")):
            values = [
                np.mean(
                    [
                        np.prod(row["norms"]) if name == "bound" else row["slope"]
                        for row in rows
                        if row["step"] == step
                    ]
                )
                for step in steps
            ]
            training.semilogy(
                steps, values, style, color=colour, label=f"{name}, {kind}"
            )
        final = [row["spectrum"] for row in rows if row["step"] == steps[-1]]
        spectrum.plot(np.mean(final, axis=0), color=colour, label=kind)
    training.set(xlabel="step", title="product of norms, and largest slope")
    training.set_ylim(top=1e6)  # room for the legend
    training.legend(loc="upper left")
    spectrum.set(xlabel="index", ylabel="σᵢ/σ₁", title="a hidden layer at the end")
    spectrum.legend()
    return drawn
