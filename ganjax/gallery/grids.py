"""Grids of samples: in order, by class, and with their nearest neighbours."""

import numpy as np
from PIL import Image

from ganjax.data import as_bytes, held_out
from ganjax.data.alpha import has_alpha, on_white
from ganjax.errors import BadInput
from ganjax.gallery.request import Request, looks_at
from ganjax.metrics import nearest
from ganjax.metrics.features import open_extractor
from ganjax.projection import images_of
from ganjax.training.pictures import image_grid

# Maximum number of training samples in which neighbours are searched.
MOST_SEARCHED = 60_000


@looks_at("n", "seed", projected=())
def grid(request: Request) -> Image.Image:
    """Draw a grid of samples, or a scatter plot of samples if the data are points."""
    if request.saved is not None:
        return image_grid(samples(request))
    return request.run.picture(request.seed, request.n)


def samples(request: Request) -> np.ndarray:
    """Return the samples ``[n, …]`` of a grid, or the projected pictures."""
    if request.saved is not None:
        return images_of(request.model, request.saved)
    return request.run.sample(request.seed, request.n)


@looks_at("columns", "seed")
def classes(request: Request) -> Image.Image:
    """Draw a row of samples for each class of a run with labels. Each column shows one
    latent with every label."""
    request.require_images()
    if not request.sampler.classes:
        raise BadInput(
            f"--mode='classes': expected a run with labels, such as "
            f"game='conditional_gan', not game='{request.run.config.game}'"
        )
    z = request.latents(request.columns)
    images = [
        request.model.decode(z, np.full(request.columns, label))
        for label in request.sampler.chosen or range(request.sampler.classes)
    ]
    return image_grid(np.concatenate(images), columns=request.columns)


@looks_at("n", "columns", "seed", "extractor")
def neighbours(request: Request) -> Image.Image:
    """Draw each sample in the first column, followed by its nearest training images.
    Distances are between pixels, or between features of the extractor that
    ``--extractor`` names."""
    request.require_images()
    samples = request.run.sample(request.seed, request.n)
    train, _ = held_out(request.run.source.train, MOST_SEARCHED, seed=0)
    if request.extractor:
        extractor = open_extractor(request.extractor)
        sides = [as_bytes(x) for x in (samples, train)]
        if has_alpha(samples.shape[1:]):
            sides = [on_white(x) for x in sides]
        extractor.check(sides[0].shape[1:])
        ours, theirs = (extractor.see(x)[0] for x in sides)
    else:
        ours, theirs = (x.reshape(len(x), -1) for x in (samples, train))
    count = request.columns - 1
    if not 1 <= count <= len(train):
        raise BadInput(
            f"--columns={request.columns}: expected 2 to {len(train) + 1}, for a "
            f"sample and its neighbours"
        )
    _, found = nearest(ours, theirs, count)
    rows = np.concatenate([samples[:, None], train[found]], axis=1)
    return image_grid(rows.reshape(-1, *rows.shape[2:]), columns=request.columns)
