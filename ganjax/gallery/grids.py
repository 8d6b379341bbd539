"""Pictures of samples side by side: as they come, by class, with their neighbours."""

import numpy as np
from PIL import Image

from ganjax.data import as_bytes, held_out
from ganjax.errors import BadInput
from ganjax.gallery.request import Request, looks_at
from ganjax.metrics import nearest
from ganjax.metrics.features import open_extractor
from ganjax.training.pictures import image_grid

# Of the training set, those that neighbours are looked for among.
MOST_SEARCHED = 60_000


@looks_at("n", "seed")
def grid(request: Request) -> Image.Image:
    """Samples as they come: a grid of images, a scatter of points."""
    return request.run.picture(request.seed, request.n)


@looks_at("columns", "seed")
def classes(request: Request) -> Image.Image:
    """A row a class, of a conditional run; a column is one latent under each label."""
    request.require_images()
    count = request.sampler.classes
    if not count:
        raise BadInput(
            f"--mode='classes': expected a run that is asked for labels, as "
            f"game='conditional_gan' is, and game='{request.run.config.game}'"
        )
    z = request.latents(request.columns)
    images = [
        request.model.decode(z, np.full(request.columns, label))
        for label in range(count)
    ]
    return image_grid(np.concatenate(images), columns=request.columns)


@looks_at("n", "columns", "seed", "extractor")
def neighbours(request: Request) -> Image.Image:
    """Each sample, in the first column, and the training images nearest to it, the
    nearest first: by pixels, or by the features of ``--extractor``."""
    request.require_images()
    samples = request.run.sample(request.seed, request.n)
    train, _ = held_out(request.run.source.train, MOST_SEARCHED, seed=0)
    if request.extractor:
        see = open_extractor(request.extractor).see
        ours, theirs = (see(as_bytes(x))[0] for x in (samples, train))
    else:
        ours, theirs = (x.reshape(len(x), -1) for x in (samples, train))
    count = request.columns - 1
    if not 1 <= count <= len(train):
        raise BadInput(
            f"--columns={request.columns}: expected 2 to {len(train) + 1}, a sample "
            f"and its neighbours"
        )
    _, found = nearest(ours, theirs, count)
    rows = np.concatenate([samples[:, None], train[found]], axis=1)
    return image_grid(rows.reshape(-1, *rows.shape[2:]), columns=request.columns)
