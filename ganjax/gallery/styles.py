"""Pictures that mix styles, or move latents along the strongest directions.

Styles are the vectors, one for each layer, that StyleGAN2 makes from a latent.
"""

import numpy as np
from flax.traverse_util import flatten_dict
from PIL import Image

from ganjax.data import held_out
from ganjax.errors import BadInput
from ganjax.evaluation import invert
from ganjax.gallery.request import Request, looks_at
from ganjax.projection import (
    GENERATOR,
    Latents,
    has_styles,
    images_of_styles,
    styles_of,
)
from ganjax.training.pictures import image_grid


@looks_at("n", "columns", "seed", projected=("columns", "seed"))
def mixing(request: Request) -> Image.Image:
    """Draw a grid that mixes the styles of the samples in its first column and row.

    In each image the first quarter of the layers has the style of the sample at the
    left, and the other layers have the style of the sample at the top (Karras et al.
    2019, arXiv 1812.04948, figure 3). Pictures from ``ganjax project`` replace the
    samples of the first column."""
    request.require_images()
    _require_generator(request, "mixing")
    if not has_styles(request.run.game):
        name = request.run.config.networks.generator.name
        raise BadInput(
            f"--mode='mixing': expected a generator with styles, such as 'stylegan2', "
            f"not networks.generator.name='{name}'"
        )
    model = request.model
    fine = styles_of(model, _drawn(request, request.columns, "fine"))
    first = fine.shape[1] // 4
    coarse = styles_of(model, request.saved or _drawn(request, request.n))
    of_fine, of_coarse = (images_of_styles(model, w) for w in (fine, coarse))
    rows = [np.full_like(of_fine[:1], -1), of_fine]
    for style, image in zip(coarse, of_coarse, strict=True):
        mixed = fine.copy()
        mixed[:, :first] = style[:first]
        rows += [image[None], images_of_styles(model, mixed)]
    return image_grid(np.concatenate(rows), columns=request.columns + 1)


@looks_at("n", "columns", "seed", "reach", projected=("n", "columns", "reach"))
def directions(request: Request) -> Image.Image:
    """Draw one sample moved along the directions that change the generator's first
    layers most: a row for each direction, from −reach to reach. For pictures from
    ``ganjax project`` there are these rows for each picture.

    The directions are the eigenvectors of AᵀA with the largest eigenvalues. A is the
    matrix of the weights that first multiply the style, or the latent if the generator
    has no styles (SeFa; Shen & Zhou 2021, arXiv 2007.06600)."""
    request.require_images()
    looked = _weights(request, "directions")
    return _moved(request, looked, request.saved or _drawn(request, 1))


@looks_at("n", "columns", "seed", "reach")
def edits(request: Request) -> Image.Image:
    """Draw what ``directions`` draws, for the sample that is closest to the held-out
    image number ``seed``. Gradient descent on the latent finds this sample."""
    request.require_images()
    looked = _weights(request, "edits")
    run = request.run
    data, label = held_out(run.source.test, request.seed + 1, seed=0)
    label = label[-1:] if request.sampler.classes else None
    z, _ = invert(request.model, data[-1:], label=label, seed=request.seed)
    return _moved(request, looked, Latents("z", z, label))


def _drawn(request, n, name="latents"):
    label = request.sampler.labels(n)
    label = None if label is None else np.asarray(label)
    return Latents("z", np.asarray(request.latents(n, name)), label)


def _require_generator(request, mode):
    if GENERATOR not in request.run.game.networks:
        raise BadInput(
            f"--mode='{mode}': expected a game with a generator, but game="
            f"'{request.run.config.game}' has {', '.join(request.run.game.networks)}"
        )


def _weights(request, mode):
    """Return the weights ``[d, outputs]`` that first multiply a style, or the latent.

    Raises:
      BadInput: if the first layer for the latent is not linear.
    """
    _require_generator(request, mode)
    params = request.model.variables[GENERATOR]["params"]
    module = request.run.game.networks[GENERATOR].module
    if hasattr(module, "synthesise"):
        inside = flatten_dict(params["synthesis"]).values()
        found = [x for x in inside if x.ndim == 2 and len(x) == module.intermediate]
    else:
        size = request.latents(1).shape[1]
        first = params.get("Linear_0", {}).get("kernel", ())
        # A label that is joined to the latent comes after it.
        found = [first[:size]] if len(first) >= size else []
    if not found:
        name = request.run.config.networks.generator.name
        raise BadInput(
            f"--mode='{mode}': expected a generator whose first layer is linear, "
            f"not networks.generator.name='{name}'"
        )
    return np.concatenate([np.asarray(x, np.float64) for x in found], axis=1)


def _moved(request, a, latents):
    """Draw latents moved along the directions that ``a`` enlarges most."""
    found = strongest(a, min(request.n, len(a))).astype(np.float32)
    moves = np.linspace(-request.reach, request.reach, request.columns)
    shift = moves.astype(np.float32)[None, :, None] * found[:, None, :]
    shift = shift.reshape(-1, found.shape[1])
    if has_styles(request.run.game):
        w = styles_of(request.model, latents)[:, None] + shift[None, :, None]
        images = images_of_styles(request.model, w.reshape(-1, *w.shape[2:]))
    else:
        z = latents.values[:, None] + shift[None]
        label = latents.label
        label = None if label is None else np.repeat(label, len(shift), axis=0)
        images = request.model.decode(z.reshape(-1, z.shape[-1]), label)
    return image_grid(images, columns=request.columns)


def strongest(a: np.ndarray, count: int) -> np.ndarray:
    """Return the unit vectors v, ``[count, d]``, for which |vᵀa| is largest, where
    ``a`` is ``[d, outputs]``. The first has the largest |vᵀa|. The sign of each vector
    is chosen so that its entry of largest magnitude is positive."""
    vectors = np.linalg.svd(a, full_matrices=False)[0].T[:count]
    largest = np.take_along_axis(
        vectors, np.abs(vectors).argmax(axis=1)[:, None], axis=1
    )
    return vectors * np.sign(largest)
