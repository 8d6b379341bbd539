"""Scores of style transfer, compared with the content image, the style image, and
colour transfer."""

from collections.abc import Iterator

import jax
import numpy as np

from ganjax.core import child_key
from ganjax.data import samples
from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.metrics import colour_transfer
from ganjax.model import Model


class Style:
    """Scores of held-out content images in the styles of held-out style images.

    ``style_loss`` and ``content_loss`` are the mean losses of the results, as the game
    defines them for its encoder (Huang & Belongie 2017, arXiv 1703.06868, eqs. 12 and
    13). ``style_share`` is the style loss divided by the style loss of the content
    images, which change nothing: at most 1 for a useful transfer. ``content_share`` is
    the content loss divided by the content loss of the style images, which keep no
    content. ``style_share_colour`` and ``content_share_colour`` are the same shares of
    mean and variance colour transfer, a baseline.
    """

    lower = ("style_loss", "content_loss", "style_share", "content_share")
    neither = ("style_share_colour", "content_share_colour")

    def __init__(self, evaluation_data: EvaluationData):
        for ability in ("stylise", "style_loss", "content_loss"):
            evaluation_data.require(ability)
        if not callable(evaluation_data.source.test):
            raise Uncomputable("expected data that draw a content and a style image")
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        key = child_key(jax.random.key(evaluation_data.seed), "style")
        test = samples(
            evaluation_data.source.test, jax.random.split(key, evaluation_data.samples)
        )
        content, style = (np.asarray(test[domain]) for domain in "ab")

        def losses(image):
            both = np.concatenate([image, style], -1)
            all_three = np.concatenate([image, content, style], -1)
            return (
                float(np.mean(model.ask("style_loss", both), dtype=np.float64)),
                float(np.mean(model.ask("content_loss", all_three), dtype=np.float64)),
            )

        made = model.ask("stylise", np.concatenate([content, style], -1))
        unchanged, replaced = losses(content)[0], losses(style)[1]
        of_style, of_content = losses(made)
        coloured = losses(colour_transfer(content, style))
        n = len(content)
        yield f"style_loss_{n}", of_style
        yield f"content_loss_{n}", of_content
        yield f"style_share_{n}", of_style / unchanged
        yield f"content_share_{n}", of_content / replaced
        yield f"style_share_colour_{n}", coloured[0] / unchanged
        yield f"content_share_colour_{n}", coloured[1] / replaced
