"""The image of the mean style, or of the mean latent."""

import dataclasses

import jax
import numpy as np
from PIL import Image

from ganjax.errors import BadInput
from ganjax.gallery.request import Request, looks_at
from ganjax.model import Model, truncates_styles, with_mean_styles
from ganjax.names import is_path
from ganjax.training.pictures import image_grid


@looks_at()
def mean(request: Request) -> Image.Image:
    """Draw the image of the mean style (the truncation trick with ψ = 0; Karras et al.
    2019, arXiv 1812.04948, appendix B), or of the mean latent if the generator does not
    truncate styles. The mean latent gives one image for each class, or each caption."""
    request.require_images()
    run, sampler = request.run, request.sampler
    if truncates_styles(run.game):
        # No second truncation.
        sampling = dataclasses.replace(request.model.sampling, truncation=0.0)
        model = Model(with_mean_styles(run.game), run.sampler, run.state, sampling)
        # All latents and labels have this style.
        label = sampler.labels(1)
        z = np.asarray(_any_latent(sampler))
    else:
        _require_a_mean(request)
        model, label = request.model, None
        if sampler.classes or sampler.captioned:
            label = np.asarray(sampler.chosen or range(sampler.classes))
        count = 1 if label is None else len(label)
        z = np.zeros((count, run.config.latents.size), np.float32)
    return image_grid(model.decode(z, label))


def _any_latent(sampler):
    return sampler.draw(jax.random.split(jax.random.key(0), 1))


def _require_a_mean(request):
    """Raise ``BadInput`` unless 0 is the mean of the latents, and an input like them.
    Every distribution of ``ganjax.latents`` has the mean 0."""
    config = request.run.config
    name, size = config.latents.name, _any_latent(request.sampler).shape[1]
    if is_path(name):
        raise BadInput(
            f"--mode='mean': expected latents with a known mean, such as "
            f"latents.name='normal', not latents.name='{name}'"
        )
    if size != config.latents.size:
        raise BadInput(
            f"--mode='mean': expected latents without categories, which have no mean, "
            f"not game='{config.game}'"
        )
    for network, found in request.run.game.networks.items():
        if getattr(found.module, "normalises_latents", False):
            raise BadInput(
                f"--mode='mean': expected a generator that does not divide latents by "
                f"their length, which is 0 for the mean, not networks.{network}.name="
                f"'{config.networks[network].name}'"
            )
