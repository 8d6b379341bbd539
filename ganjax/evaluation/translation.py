"""Scores of image translation and restoration."""

from collections.abc import Iterator

import jax
import numpy as np

from ganjax.core import child_key
from ganjax.data import as_bytes, samples
from ganjax.errors import Uncomputable, shape_text
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.measures import distance_of
from ganjax.evaluation.needs import need_features, need_samples
from ganjax.evaluation.scores import name_of
from ganjax.evaluation.side import Side
from ganjax.metrics import (
    luma,
    luma_ssim,
    signal_to_noise_of_bytes,
    structural_similarity,
)
from ganjax.metrics.image_similarity import RADIUS
from ganjax.metrics.luminance import cropped
from ganjax.model import Model


class Translation:
    """Scores of translations of held-out images from domain a to domain b.

    ``translation_l1``: the mean absolute difference between a translation and the image
    of domain b with which the input is paired. ``translation_class``: the share of
    translations that the extractor's classifier assigns to the right class, if it has
    the classes of the data.
    """

    lower, higher = ("translation_l1",), ("translation_class",)

    def __init__(self, evaluation_data: EvaluationData):
        evaluation_data.require("translate")
        spec = evaluation_data.source.spec
        if not spec.test_paired:
            raise Uncomputable(
                f"expected data with a paired test split, such as "
                f"data.name='edges_fashion_mnist', not data.name='{spec.name}'"
            )
        if spec.classes:
            need_features(evaluation_data)
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        key = child_key(jax.random.key(evaluation_data.seed), "translation")
        test = samples(
            evaluation_data.source.test, jax.random.split(key, evaluation_data.samples)
        )
        b = np.asarray(test["b"])
        made = model.ask("translate", np.asarray(test["a"]))
        yield f"translation_l1_{len(b)}", np.mean(np.abs(made - b))
        side = Side(made, None, evaluation_data.extractor)
        classes = len(evaluation_data.source.spec.classes)
        if evaluation_data.extractor is not None and classes:
            read = side.probabilities
            if read is not None and read.shape[1] == classes:
                kept = np.mean(read.argmax(axis=1) == np.asarray(test["label"]))
                yield name_of(evaluation_data, "translation_class", len(b)), kept


class Restoration:
    """Scores of restorations: held-out images are made smaller, and the game enlarges
    them again.

    ``restoration_psnr`` is the mean of the peak signal-to-noise ratios (PSNR) of the
    images as 8-bit values, in dB. ``restoration_psnr_pooled`` is the PSNR of the mean
    squared error over all images. ``restoration_psnr_infinite`` is the number of images
    without error. In the mean, such an image counts as if one of its values had an
    error of 1, so that the mean is finite. ``restoration_ssim`` is the mean structural
    similarity. ``fd_restored`` is the Fréchet distance between restorations and
    training images. A score with ``_bicubic`` in its name is the same score of bicubic
    interpolation in place of the game: a baseline.

    ``restoration_psnr_y`` and ``restoration_ssim_y`` are PSNR and SSIM of the luma (the
    Y of BT.601), as in tables of super-resolution. A border of the image is left out
    (`ganjax.metrics.luminance`). By default it is as wide as the factor of enlargement,
    as in BasicSR. Only images with one or three channels have these scores.
    """

    lower = ("fd_restored",)
    higher = (
        "restoration_psnr",
        "restoration_psnr_pooled",
        "restoration_ssim",
        "restoration_psnr_y",
        "restoration_ssim_y",
    )
    neither = (
        "restoration_psnr_infinite",
        "restoration_psnr_infinite_bicubic",
        *(f"{stem}_bicubic" for stem in (*lower, *higher)),
    )

    def __init__(self, evaluation_data: EvaluationData):
        evaluation_data.require("restore")
        spec = evaluation_data.source.spec
        shape, self._luma = spec.shape, spec.shape[-1] in (1, 3) and not spec.stacked
        if min(shape[:2]) <= 2 * RADIUS:
            raise Uncomputable(
                f"images of {shape_text(shape)}, expected more than {2 * RADIUS} "
                f"pixels on each side"
            )
        border, most = evaluation_data.border, (min(shape[:2]) - 1) // 2 - RADIUS
        if self._luma and border > most:
            raise Uncomputable(
                f"evaluation.border={border}: expected at most {most}, so that more "
                f"than {2 * RADIUS} pixels of {shape_text(shape)} are left on each side"
            )
        need_samples(evaluation_data, training=2, held_out=2)
        need_features(evaluation_data)
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        test = evaluation_data.test.first(evaluation_data.samples)
        for ability, suffix in (("restore", ""), ("interpolate", "_bicubic")):
            made = model.ask(ability, test.data)
            similar = structural_similarity(_unit(test.data), _unit(made), span=1.0)
            bytes_of_both = as_bytes(test.data), as_bytes(made)
            scores = {
                **signal_to_noise_of_bytes(*bytes_of_both),
                "ssim": similar.mean(),
            }
            if self._luma:
                scores |= _of_luma(*bytes_of_both, evaluation_data.border)
            for stem, value in scores.items():
                yield f"restoration_{stem}{suffix}_{len(test)}", value
            side = Side(made, None, evaluation_data.extractor)
            distance = distance_of(evaluation_data.train, side)
            yield name_of(evaluation_data, f"fd_restored{suffix}", len(test)), distance


def _of_luma(x, y, border):
    """Return the scores of the luma of images of bytes."""
    x, y = (image / 255 for image in (x, y))
    similar = luma_ssim(x, y, border=border).mean()
    x, y = (cropped(luma(image), border) for image in (x, y))
    return {"psnr_y": signal_to_noise_of_bytes(x, y)["psnr"], "ssim_y": similar}


def _unit(images):
    """Return images in [−1, 1] as float64 in [0, 1]."""
    return (np.clip(np.asarray(images, np.float64), -1, 1) + 1) / 2
