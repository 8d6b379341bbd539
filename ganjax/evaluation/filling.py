"""Scores of filled holes, compared with filling without learning."""

from collections.abc import Iterator

import jax
import numpy as np

from ganjax.core import child_key
from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.measures import distance_of
from ganjax.evaluation.needs import need_features, need_samples
from ganjax.evaluation.scores import name_of
from ganjax.evaluation.side import Side
from ganjax.metrics import biharmonic_filling, mean_filling, seam_steps
from ganjax.model import Model

# What fills a hole -> the end of its scores' names.
_WAYS = {"game": "", "mean": "_mean", "biharmonic": "_biharmonic"}
_STEMS = ("filling_l1", "filling_mse", "filling_class", "filling_seam", "fd_filled")


class Filling:
    """Scores of held-out images whose random holes the game fills. The holes depend on
    the seed of the evaluation and on the game's options of masks.

    ``filling_l1`` and ``filling_mse``: the mean absolute and the mean squared error
    over the pixels of all holes. ``filling_class``: the share of completed images that
    the extractor's classifier assigns to the right class, if it has the classes of the
    data; ``filling_class_whole`` is this share for the original images.
    ``filling_seam``: the mean step between neighbours across the border of a hole,
    divided by the same mean of the original images; above 1 where borders show, and
    below 1 where they are too smooth. It is left out if the original images have no
    such steps. ``fd_filled``: the Fréchet distance between completed and training
    images.

    A score with ``_mean`` or ``_biharmonic`` in its name is a baseline: the same score
    for holes that are filled with the mean of the context, or with the biharmonic
    surface (`ganjax.metrics.filling`).
    """

    lower = ("filling_l1", "filling_mse", "fd_filled")
    higher = ("filling_class",)
    neither = (
        "filling_seam",
        "filling_class_whole",
        *(f"{stem}{end}" for end in _WAYS.values() if end for stem in _STEMS),
    )

    def __init__(self, evaluation_data: EvaluationData):
        evaluation_data.require("fill")
        if evaluation_data.sampler.masking is None:
            raise Uncomputable("expected a game that draws holes to fill")
        need_samples(evaluation_data, training=2, held_out=2)
        need_features(evaluation_data)
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        test = evaluation_data.test.first(evaluation_data.samples)
        masks = masks_of_evaluation(evaluation_data, len(test))
        context = test.data * (1 - masks)
        made = {
            "game": model.ask("fill", np.concatenate([context, masks], -1)),
            "mean": mean_filling(context, masks),
            "biharmonic": biharmonic_filling(context, masks),
        }
        steps = seam_steps(test.data, masks).mean()
        if (whole := self._read(test)) is not None:
            yield name_of(evaluation_data, "filling_class_whole", len(test)), whole
        for way, images in made.items():
            end, error = _WAYS[way], (images - test.data) * masks
            entries = masks.sum() * test.data.shape[-1]
            yield f"filling_l1{end}_{len(test)}", np.abs(error).sum() / entries
            yield f"filling_mse{end}_{len(test)}", np.square(error).sum() / entries
            if steps > 0:
                ratio = seam_steps(images, masks).mean() / steps
                yield f"filling_seam{end}_{len(test)}", ratio
            side = Side(images, test.label, evaluation_data.extractor)
            if (read := self._read(side)) is not None:
                yield name_of(evaluation_data, f"filling_class{end}", len(test)), read
            distance = distance_of(evaluation_data.train, side)
            yield name_of(evaluation_data, f"fd_filled{end}", len(test)), distance

    def _read(self, side):
        """Return the share of images whose class the extractor's classifier finds, or
        ``None`` without such a classifier."""
        classes = len(self._data.source.spec.classes)
        if self._data.extractor is None or not classes or side.label is None:
            return None
        read = side.probabilities
        if read is None or read.shape[1] != classes:
            return None
        return np.mean(read.argmax(axis=1) == side.label)


def masks_of_evaluation(evaluation_data: EvaluationData, n: int) -> np.ndarray:
    """Return the masks ``[n, H, W, 1]`` of the held-out images of an evaluation. They
    depend on its seed."""
    key = child_key(jax.random.key(evaluation_data.seed), "filling")
    draw = jax.jit(evaluation_data.sampler.masking.draw)
    return np.asarray(draw(jax.random.split(key, n)))
