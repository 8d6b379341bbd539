"""Project pictures: find the latents of a run whose images are closest to them.

The method is the projector of StyleGAN2 (Karras et al. 2020, arXiv 1912.04958, appendix
D; NVlabs/stylegan2-ada-pytorch, ``projector.py``): Adam on the style, from the mean of
10,000 styles, with noise on the style that falls to 0, and a learning rate that rises
and falls. The differences:

- the distance is over pixels, or over the maps of an extractor that ganjax has (see
  ``distance``), not LPIPS with VGG16 at 256 pixels;
- the noise of the layers is not optimised, and is not regularised: in ganjax it is a
  function of the latent, and it is held fixed here;
- pictures can also be projected into the spaces z and w+ (see ``latent_space``);
- the pictures of a batch are projected together, with the same noise on the style, so a
  picture's result does not depend on the others;
- a picture is projected as the run's images are: grey for a run of grey images.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ganjax.core import state_digest
from ganjax.data import as_bytes, scaled
from ganjax.errors import BadInput, nearest, unknown
from ganjax.loading import Run
from ganjax.metrics import signal_to_noise_of_bytes, structural_similarity
from ganjax.metrics.features import EXTRACTORS, Extractor, open_extractor
from ganjax.metrics.image_similarity import RADIUS
from ganjax.names import is_path
from ganjax.projection.descent import Descent
from ganjax.projection.latent_space import Latents, images_of, space_of
from ganjax.projection.pictures import Picture, read_pictures

PIXELS = "pixels"
STEPS = 1000
# Classes that a message names.
MOST_NAMED = 10
# Shares of the steps after which the course shows a picture.
SHOWN = (0.0, 0.05, 0.1, 0.25, 0.5)
# Pixels of a batch, in the network that sees the most of them, and images of a batch.
BATCH_PIXELS, BATCH = 2**20, 250


@dataclasses.dataclass(frozen=True)
class Projection:
    """Projected pictures.

    Attributes:
      latents: the latents that were found.
      pictures: the ``n`` pictures, with the shape of the run's images.
      images: the images ``[n, H, W, C]`` of the latents, in [-1, 1].
      course: the images ``[n, k, H, W, C]`` of the latents before k of the steps. The
        first of the k images belongs to the latent at which the search started.
      scores: a dict for each picture. ``mse`` is the mean squared error of values in
        [-1, 1]; ``psnr`` the peak signal-to-noise ratio of 8-bit values in dB; ``ssim``
        the structural similarity, if both sides are above 10 pixels; ``distance`` the
        distance that the search minimises. A score whose name ends in ``_start`` is
        from before the first step.
      protocol: the settings and the run's state that the scores depend on.
    """

    latents: Latents
    pictures: Sequence[Picture]
    images: np.ndarray
    course: np.ndarray
    scores: Sequence[dict[str, float]]
    protocol: dict[str, Any]


def project(
    run: Run | Path | str,
    images: Sequence[Path | str],
    *,
    space: str = "",
    steps: int = STEPS,
    features: str = PIXELS,
    weights: str = "",
    resize: str = "",
    label: int | str | None = None,
    seed: int = 0,
    crop: str = "center",
    resample: str = "lanczos",
    trust_code: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Projection:
    """Project pictures into a latent space of a run's newest checkpoint.

    Args:
      run: a run, or its folder.
      images: image files of any size.
      space: ``z``, ``w`` or ``w+``. The default is ``w`` if the generator has styles,
        else ``z``.
      steps: number of steps of Adam.
      features: ``pixels``, or an extractor whose maps are compared.
      weights, resize: the extractor's file of weights and its filter, as in the fields
        ``evaluation.weights`` and ``evaluation.resize`` of a config.
      label: the class of all pictures, by name or number, for a run with labels.
      seed: seed of the random latents, and of the noise that is added to latents.
      crop, resample: as ``--crop`` and ``--filter`` of ``ganjax prepare``.
      trust_code: whether to run code that the run's config names.
      say: receives lines about the course of the search.

    Raises:
      BadInput: if the run cannot be loaded, does not generate images, or makes them
        without latents; if a picture cannot be read; or if an argument has a wrong
        value or does not fit the run.
    """
    if not isinstance(run, Run):
        run = Run(run, trust_code=trust_code)
    shape = run.source.spec.shape
    _check_run(run, shape)
    if not 1 <= steps < 2**31:
        raise BadInput(f"steps={steps}: expected 1 to 2^31 - 1")
    if not 0 <= seed < 2**32:
        raise BadInput(f"seed={seed}: expected 0 to 2^32 - 1")
    network = run.config.networks.get("generator", {}).get("name", "none")
    space = space_of(space, run.game, network)
    number = _class_of(run, label)
    extractor = _extractor(features, weights, resize, shape)
    pictures = read_pictures(images, shape, crop, resample)
    digest = state_digest(run.state)
    # Truncation would change the images of z.
    model = run.sampled({"sampling.truncation": "0"}).model
    maps = None if extractor is None else jax.device_put(extractor.maps)
    descent = Descent(model, space, maps, number, seed)
    pixels = np.stack([one.pixels for one in pictures])
    target = np.asarray(scaled(pixels))
    most = _batch(shape, extractor)
    size = min(len(pictures), most)
    parts = [
        _projected(descent, target[first : first + size], size, most, steps, say)
        for first in range(0, len(target), size)
    ]
    values, course, start, end = (np.concatenate(x) for x in zip(*parts, strict=True))
    latents = descent.latents(values)
    made = images_of(model, latents)
    shown = np.stack(
        [images_of(model, descent.latents(x)) for x in np.moveaxis(course, 1, 0)], 1
    )
    sides = pixels, as_bytes(made), as_bytes(shown[:, 0]), end, start
    scores = [_scores(*each) for each in zip(*sides, strict=True)]
    protocol = {
        "space": space,
        "steps": steps,
        "seed": seed,
        "label": number,
        "features": features,
        "weights": extractor.digest if extractor else "none",
        "resize": extractor.resize if extractor else "none",
        "crop": crop,
        "filter": resample,
        "step": model.step,
        "state": digest,
        "statistics": model.sampling.statistics,
    }
    return Projection(latents, pictures, made, shown, scores, protocol)


def _check_run(run, shape):
    if len(shape) != 3:
        raise BadInput(
            f"workdir={run.path}: expected a run that generates images, but "
            f"data.name='{run.config.data.name}' has points"
        )
    if not run.sampler.from_latents:
        raise BadInput(
            f"workdir={run.path}: expected a game that makes samples from latents, not "
            f"game='{run.config.game}'"
        )
    if run.sampler.captioned:
        raise BadInput(
            f"workdir={run.path}: expected a game without captions, because pictures "
            f"come without them, not game='{run.config.game}'"
        )


def _class_of(run, label):
    count, names = run.sampler.classes, run.source.spec.classes
    if not count:
        if label is not None:
            raise BadInput(f"label={label}: expected none, this run has no labels")
        return None
    known = {str(i): i for i in range(count)}
    known |= {name: i for i, name in enumerate(names)}
    if label is None:
        some = ", ".join(names[:MOST_NAMED]) + ", …" * (count > MOST_NAMED)
        raise BadInput(f"label: expected the class of the pictures, one of {some}")
    if str(label) not in known:
        raise BadInput(
            f"label={label}: expected a class by name or number, 0 to {count - 1}"
            f"{nearest(str(label), names)}"
        )
    return known[str(label)]


def _extractor(features, weights, resize, shape) -> Extractor | None:
    if features == PIXELS:
        for field, value in {"weights": weights, "resize": resize}.items():
            if value:
                raise BadInput(
                    f"{field}='{value}': expected features with it, the name of an "
                    f"extractor"
                )
        return None
    if features not in EXTRACTORS and not is_path(features):
        raise unknown("features", features, [PIXELS, *EXTRACTORS])
    found = open_extractor(features, weights, resize)
    if found.maps is None:
        raise BadInput(f"features='{features}': expected an extractor with maps")
    found.check((*shape[:2], 3) if shape[-1] == 4 else shape)
    return found


def _batch(shape, extractor):
    """Return the largest number of images in one computation."""
    seen = 0 if extractor is None or extractor.size is None else extractor.size**2
    return min(BATCH, max(1, BATCH_PIXELS // max(math.prod(shape[:2]), seen)))


def _projected(descent, images, size, most, steps, say):
    """Return latents, latents of the course ``[n, k, …]``, and the distances at the
    start and at the end, of at most ``size`` images."""
    n = len(images)
    images = np.concatenate([images, np.repeat(images[-1:], size - n, axis=0)])
    target = descent.looks(images)
    start = descent.start(target, most)
    shown = sorted({int(share * steps) for share in SHOWN})
    ends = [descent.distances(start, target)]

    def tell(step, latents):
        gap = descent.distances(latents, target)[:n].mean()
        say(f"after {step} of {steps} steps: mean distance {gap:.4g}")

    values, course = descent.run(start, target, steps=steps, shown=shown, tell=tell)
    ends.append(descent.distances(values, target))
    return values[:n], np.stack(course, axis=1)[:n], ends[0][:n], ends[1][:n]


def _scores(picture, made, start, distance, distance_start):
    found = {}
    for suffix, image, gap in (
        ("", made, distance),
        ("_start", start, distance_start),
    ):
        pair = picture[None], image[None]
        error = np.mean((picture / 127.5 - image / 127.5) ** 2)
        found[f"mse{suffix}"] = float(error)
        found[f"psnr{suffix}"] = signal_to_noise_of_bytes(*pair)["psnr"]
        if min(picture.shape[:2]) > 2 * RADIUS:
            unit = (x / 255 for x in pair)
            similar = structural_similarity(*unit, span=1.0)
            found[f"ssim{suffix}"] = float(similar[0])
        found[f"distance{suffix}"] = float(gap)
    return found
