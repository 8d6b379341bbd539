"""Pictures of a generator's layers: mixed styles, strongest directions."""

import jax.numpy as jnp
import numpy as np
from flax.traverse_util import flatten_dict
from PIL import Image

from ganjax.data import held_out
from ganjax.errors import BadInput
from ganjax.evaluation import invert
from ganjax.gallery.request import Request, looks_at
from ganjax.training.pictures import image_grid

GENERATOR = "generator"


@looks_at("n", "columns", "seed")
def mixing(request: Request) -> Image.Image:
    """Draw each sample of the first column with the fine styles of the first row. The
    first quarter of the layers has the column's style, and the others have the row's
    style (Karras et al. 2019, arXiv 1812.04948, figure 3)."""
    request.require_images()
    _require_generator(request, "mixing")
    module = request.run.game.networks[GENERATOR].module
    if not hasattr(module, "synthesise"):
        name = request.run.config.networks.generator.name
        raise BadInput(
            f"--mode='mixing': expected a generator with styles, such as 'stylegan2', "
            f"not networks.generator.name='{name}'"
        )
    coarse = _given(request, request.latents(request.n))
    fine = _given(request, request.latents(request.columns, "fine"))

    def styles(given):
        return request.model.apply(GENERATOR, *given, method="map")

    def images(w, z):
        return np.asarray(request.model.apply(GENERATOR, w, z, method="synthesise"))

    above, beside = styles(fine), styles(coarse)
    first = above.shape[1] // 4
    fine, coarse = fine[0], coarse[0]
    of_fine, of_coarse = images(above, fine), images(beside, coarse)
    rows = [np.full_like(of_fine[:1], -1), of_fine]
    for i in range(request.n):
        mixed = above.at[:, :first].set(beside[i, :first])
        noise = jnp.broadcast_to(coarse[i : i + 1], fine.shape)
        rows += [of_coarse[i : i + 1], images(mixed, noise)]
    return image_grid(np.concatenate(rows), columns=request.columns + 1)


@looks_at("n", "columns", "seed", "reach")
def directions(request: Request) -> Image.Image:
    """Draw one sample moved along the directions that change the generator's first
    layers most: a row for each direction, from −reach to reach.

    The directions are the eigenvectors of AᵀA with the largest eigenvalues. A holds the
    first weights that multiply the style, or the latent in a generator without styles
    (SeFa; Shen & Zhou 2021, arXiv 2007.06600)."""
    request.require_images()
    looked = _weights(request, "directions")
    return _moved(request, looked, request.latents(1), request.sampler.labels(1))


@looks_at("n", "columns", "seed", "reach")
def edits(request: Request) -> Image.Image:
    """Draw ``directions`` for the sample closest to held-out image number ``seed``.
    Descent on the latent finds this sample."""
    request.require_images()
    looked = _weights(request, "edits")
    run = request.run
    data, label = held_out(run.source.test, request.seed + 1, seed=0)
    label = label[-1:] if request.sampler.classes else None
    z, _ = invert(request.model, data[-1:], label=label, seed=request.seed)
    return _moved(request, looked, jnp.asarray(z), label)


def _given(request, z, label=None):
    """Return the generator's inputs for latents. A label is joined to the latent or is
    a separate input."""
    if label is None:
        label = request.sampler.labels(len(z))
    return request.sampler.decode(lambda network, *given: given, z, label)


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


def _moved(request, a, z, label):
    found = jnp.asarray(strongest(a, min(request.n, len(a))), jnp.float32)
    moves = jnp.linspace(-request.reach, request.reach, request.columns)
    shift = (moves[None, :, None] * found[:, None, :]).reshape(-1, found.shape[1])
    if hasattr(request.run.game.networks[GENERATOR].module, "synthesise"):
        given = _given(request, z, label)
        w = request.model.apply(GENERATOR, *given, method="map")
        many = jnp.broadcast_to(given[0], (len(shift), given[0].shape[1]))
        images = request.model.apply(
            GENERATOR, w + shift[:, None], many, method="synthesise"
        )
    else:
        images = request.model.decode(
            z + shift, None if label is None else jnp.repeat(label, len(shift))
        )
    return image_grid(np.asarray(images), columns=request.columns)


def strongest(a: np.ndarray, count: int) -> np.ndarray:
    """Return the unit directions ``[count, d]`` that ``a [d, outputs]`` enlarges most,
    the strongest first. The largest entry of each is positive."""
    vectors = np.linalg.svd(a, full_matrices=False)[0].T[:count]
    largest = np.take_along_axis(
        vectors, np.abs(vectors).argmax(axis=1)[:, None], axis=1
    )
    return vectors * np.sign(largest)
