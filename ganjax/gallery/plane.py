"""Pictures of generated points in the plane and of the critic's surface."""

import io

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from ganjax.data import held_out
from ganjax.errors import BadInput
from ganjax.gallery.request import Request, looks_at
from ganjax.model import plain

SAMPLES = 5000
CELLS = 128
ARROWS = 17
MARGIN = 0.35


@looks_at("seed")
def plane(request: Request) -> Image.Image:
    """Draw the samples and the critic of each saved checkpoint, for a run over points.

    Above: the density of generated points, with data points in grey. Below: the
    critic's score, and arrows in the direction of its gradient, in which generated
    points are pulled. With labels, the score is for the first class. If the critic
    judges several samples together (packing), they are copies of one point.
    """
    run = request.run
    if run.source.spec.shape != (2,) or run.sampler.critic is None:
        raise BadInput(
            f"--mode='plane': expected a run over points in the plane whose critic "
            f"scores them, not data.name='{run.config.data.name}', "
            f"game='{run.config.game}'"
        )
    models = [run.model_of(state) for state in run.states()]
    real, _ = held_out(run.source.test, 500, seed=0)
    low, high = real.min(), real.max()
    pad = MARGIN * (high - low)
    frame = low - pad, high + pad
    figure = Figure(figsize=(3.6 * len(models), 7.2), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, len(models), squeeze=False, sharex=True, sharey=True)
    for i, model in enumerate(models):
        _density(axes[0, i], model.sample(request.key, SAMPLES), real, frame)
        _surface(axes[1, i], _scorer(model, run.config.packing), frame)
        axes[0, i].set_title(f"step {model.step:,}", fontsize=11)
    for some in axes.flat:
        some.set_aspect("equal")
        some.set_xlim(frame)
        some.set_ylim(frame)
        some.tick_params(labelsize=8)
    axes[0, 0].set_ylabel("density of samples, data in grey", fontsize=9)
    axes[1, 0].set_ylabel("critic's score and its gradient", fontsize=9)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white")
    return Image.open(buffer).convert("RGB")


def _density(axes, points, real, frame):
    count, _, _ = np.histogram2d(*points.T, bins=CELLS, range=(frame, frame))
    axes.imshow(
        np.sqrt(count.T), origin="lower", extent=(*frame, *frame), cmap="Oranges",
        interpolation="nearest",
    )  # fmt: skip
    axes.plot(*real.T, ".", ms=2, mew=0, color="#556677", alpha=0.6)


def _scorer(model, packing):
    """Return ``points [n, 2] -> scores [n]`` of a model's critic."""
    apply = plain(model.game, model.live)

    @jax.jit
    def scores(x):
        label = None
        if model.sampler.classes:
            label = jnp.zeros(len(x) * packing, jnp.int32)
        return model.sampler.critic(apply, jnp.repeat(x, packing, axis=0), label)

    return scores


def _surface(axes, scores, frame):
    def mesh(count):
        along = np.linspace(*frame, count)
        return np.stack(np.meshgrid(along, along), -1).reshape(-1, 2)

    surface = np.asarray(scores(mesh(CELLS))).reshape(CELLS, CELLS)
    axes.imshow(surface, origin="lower", extent=(*frame, *frame), cmap="viridis")
    axes.contour(
        surface, levels=8, extent=(*frame, *frame), colors="white", linewidths=0.5
    )
    at = mesh(ARROWS)
    pull = np.asarray(jax.grad(lambda x: jnp.sum(scores(x)))(jnp.asarray(at)))
    length = np.linalg.norm(pull, axis=1, keepdims=True)
    # Gradient lengths differ by orders of magnitude, so only directions are drawn.
    axes.quiver(
        *at.T, *(pull / np.maximum(length, 1e-12)).T, color="white", width=0.004
    )
