"""Pictures along paths in the latent space."""

import dataclasses

import jax.numpy as jnp
import numpy as np
from PIL import Image

from ganjax.errors import BadInput, unknown
from ganjax.evaluation.paths import slerp
from ganjax.gallery.request import Request, looks_at
from ganjax.model import Model, truncates_styles
from ganjax.projection import Latents, has_styles, images_of
from ganjax.training.pictures import image_grid

TRUNCATIONS = (0.1, 0.3, 0.5, 0.7, 1.0)


def linear(a, b, t):
    """Return the points ``[n, d]`` on the lines from ``a [n, d]`` to ``b [n, d]`` at
    the fractions ``t``, one number or ``[n]``; 0 gives ``a`` and 1 gives ``b``."""
    t = jnp.broadcast_to(t, len(a))[:, None]
    return (1 - t) * a + t * b


PATHS = {"linear": linear, "spherical": slerp}


@looks_at("n", "columns", "seed", "path", projected=("columns", "path"))
def interpolation(request: Request) -> Image.Image:
    """Draw rows of images whose latents move in equal steps from one latent to another,
    on a line or on a sphere (White 2016, arXiv 1609.04468). The label is constant in a
    row. Pictures from ``ganjax project`` give a row from each picture to the next."""
    request.require_images()
    saved = request.saved
    styled = saved is not None and saved.space != "z"
    name = request.path or ("linear" if styled else "spherical")
    if name not in PATHS:
        raise unknown("--path", name, PATHS)
    if request.columns < 2:
        raise BadInput(f"--columns={request.columns}: expected at least 2")
    path, steps = PATHS[name], np.linspace(0, 1, request.columns)
    if saved is not None:
        return _between(request, saved, path, steps)
    a, b = request.latents(request.n), request.latents(request.n, "ends")
    return _rows(request, [path(a, b, jnp.full(request.n, t)) for t in steps])


def _between(request, saved, path, steps):
    rows, shape = len(saved) - 1, saved.values.shape[1:]
    if not rows:
        raise BadInput(
            f"--projected={request.projected}: expected at least two pictures for "
            f"--mode='interpolation'"
        )
    flat = saved.values.reshape(rows + 1, -1)
    label = None if saved.label is None else saved.label[:-1]
    columns = []
    for t in steps:
        values = np.asarray(path(flat[:-1], flat[1:], jnp.full(rows, t)))
        latents = Latents(saved.space, values.reshape(rows, *shape), label)
        columns.append(images_of(request.model, latents))
    return _in_rows(columns)


@looks_at("n", "columns", "seed", "reach")
def traversal(request: Request) -> Image.Image:
    """Draw a row for each of the first ``n`` coordinates of one latent. The coordinate
    moves in equal steps from −reach to reach, and the others do not change (InfoGAN;
    Chen et al. 2016, arXiv 1606.03657, figure 2)."""
    request.require_images()
    z = request.latents(1)
    rows = min(request.n, z.shape[1])
    columns = [
        jnp.stack([z[0].at[i].set(value) for i in range(rows)])
        for value in np.linspace(-request.reach, request.reach, request.columns)
    ]
    return _rows(request, columns, same=True)


@looks_at("n", "seed", projected=())
def truncation(request: Request) -> Image.Image:
    """Draw the same latents with less and less truncation, from left to right.

    If the generator truncates styles (StyleGAN2), styles move towards the mean style,
    with ψ from 0.1 to 1. Otherwise the numbers of the latents are limited to 0.2 to 2
    standard deviations (Brock et al. 2019, arXiv 1809.11096, section 3.1)."""
    request.require_images()
    run, sampling = request.run, request.model.sampling
    distribution = run.config.get("latents", {}).get("name")
    if distribution != "normal":
        raise BadInput(
            f"--mode='truncation': expected latents.name='normal', not "
            f"latents.name='{distribution}'"
        )
    if request.saved is not None and not has_styles(run.game):
        raise BadInput(
            f"--projected={request.projected}: expected a generator with styles for "
            f"--mode='truncation', because others truncate the draw of a latent"
        )
    strength = 1 if truncates_styles(run.game) else 2
    columns = []
    for amount in TRUNCATIONS:
        cut = dataclasses.replace(sampling, truncation=strength * amount)
        model = Model(run.game, run.sampler, run.state, cut)
        if request.saved is None:
            columns.append(model.sample(request.key, request.n))
        else:
            columns.append(images_of(model, request.saved))
    return _in_rows(columns)


def _rows(request, columns, same=False):
    n = len(columns[0])
    label = request.sampler.labels(n)
    if same and label is not None:
        label = jnp.full_like(label, label[0])
    return _in_rows([request.model.decode(z, label) for z in columns])


def _in_rows(columns):
    images = np.stack(columns, axis=1)
    return image_grid(images.reshape(-1, *images.shape[2:]), columns=len(columns))
