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

        def of_style(image):
            return _mean(model, "style_loss", image, style)

        def of_content(image):
            return _mean(model, "content_loss", image, content, style)

        made = model.ask("stylise", np.concatenate([content, style], -1))
        coloured = colour_transfer(content, style)
        unchanged, replaced = of_style(content), of_content(style)
        style_loss, content_loss = of_style(made), of_content(made)
        n = len(content)
        yield f"style_loss_{n}", style_loss
        yield f"content_loss_{n}", content_loss
        yield f"style_share_{n}", style_loss / unchanged
        yield f"content_share_{n}", content_loss / replaced
        yield f"style_share_colour_{n}", of_style(coloured) / unchanged
        yield f"content_share_colour_{n}", of_content(coloured) / replaced


def _mean(model, loss, *images):
    joined = np.concatenate(images, -1)
    return float(np.mean(model.ask(loss, joined), dtype=np.float64))
