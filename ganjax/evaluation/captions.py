"""Scores of images that were made from captions: whether they show what is said."""

from collections.abc import Iterator

import jax
import numpy as np

from ganjax.core import child_key
from ganjax.data import as_bytes, samples
from ganjax.data.scene_grammar import ALIKE, ALONE, RELATED, Scene
from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.metrics import attribute_accuracy, r_precision
from ganjax.metrics.captions import CANDIDATES
from ganjax.model import Model

ATTRIBUTES = (
    "digit", "shape", "colour", "size", "count", "place", "relation", "all",
)  # fmt: skip


class CaptionsScores:
    """Share of images that have the attributes of their held-out captions.

    A reader that was trained on real scenes reads the images
    (``evaluation.extractor='scene_reader'``): ``captions_digit``, ``captions_shape``,
    ``captions_colour``, ``captions_size``, ``captions_count``, ``captions_place``,
    ``captions_relation``, and ``captions_all``, the share of images in which everything
    is right. ``captions_r_precision`` is the share of images whose own caption is
    nearer than 99 other captions, by the reader's vectors. A score with ``_real`` in
    its name is the score of real scenes with the same captions, a ceiling. With
    ``_shuffled`` it is the score of the game's images with captions of other images:
    chance.
    """

    higher = (*(f"captions_{x}" for x in ATTRIBUTES), "captions_r_precision")
    neither = tuple(f"{x}_{y}" for x in higher for y in ("real", "shuffled"))

    def __init__(self, evaluation_data: EvaluationData):
        source, extractor = evaluation_data.source, evaluation_data.extractor
        if source.spec.name != "scenes" or not evaluation_data.sampler.captioned:
            raise Uncomputable(
                "expected a game with captions of data.name='scenes', which have a "
                "record of what each image shows"
            )
        if extractor is None or extractor.reader is None:
            raise Uncomputable(
                "expected evaluation.extractor='scene_reader', which reads scenes"
            )
        self._data, self._reader = evaluation_data, extractor.reader

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        n = evaluation_data.samples
        key = child_key(jax.random.key(evaluation_data.seed), "captions")
        batch = samples(evaluation_data.source.test, jax.random.split(key, n))
        batch = jax.tree.map(np.asarray, batch)
        tokens, said = batch["caption"], said_by(batch["scene"])
        z = model.latents(child_key(key, "latents"), n)
        made = model.decode(z, tokens)
        order = np.roll(np.arange(n), 1)
        other = {name: values[order] for name, values in said.items()}
        read = self._reader.read(as_bytes(made))
        for suffix, (values, vectors), wanted, texts in (
            ("", read, said, tokens),
            ("_real", self._reader.read(as_bytes(batch["data"])), said, tokens),
            ("_shuffled", read, other, tokens[order]),
        ):
            found = attribute_accuracy(wanted, shown_by(values))
            for name, value in found.items():
                yield f"captions_{name}{suffix}_{n}", value
            if len(np.unique(tokens, axis=0)) >= CANDIDATES:
                captions = self._reader.captions(texts)
                value = r_precision(vectors, captions, texts, evaluation_data.seed)
                yield f"captions_r_precision{suffix}_{n}", value


def said_by(scene: Scene) -> dict[str, np.ndarray]:
    """Return what the captions of scenes ``[n]`` say, for ``attribute_accuracy``."""
    scene = Scene(*map(np.asarray, scene))
    objects = {name: _in_picture(scene, name) for name in ("kind", "colour", "size")}
    second = scene.form == RELATED
    says = np.where(second[:, None] & (scene.relation[:, None] % 2 == 1),
                    scene.says_size[:, ::-1], scene.says_size)  # fmt: skip
    # "two small threes" says the size of both.
    alike = scene.form == ALIKE
    says = np.where(alike[:, None], scene.says_size[:, :1], says)
    return {
        "count": (scene.form != ALONE).astype(int),
        "place": scene.place,
        "axis": np.where(second, scene.relation // 2, -1),
        **objects,
        "size": np.where(says == 1, objects["size"], -1),
    }


def seen_in(scene: Scene) -> dict[str, np.ndarray]:
    """Return what the pictures of scenes ``[n]`` show: the targets of the heads of
    ``scene_reader``, whole numbers ``[n]``."""
    scene = Scene(*map(np.asarray, scene))
    none = {"place": 5, "axis": 2, "kind": 13, "colour": 4, "size": 2}
    said = said_by(scene)
    shown = {"count": said["count"]}
    for name in ("place", "axis"):
        shown[name] = np.where(said[name] < 0, none[name], said[name])
    for name in ("kind", "colour", "size"):
        both = _in_picture(scene, name)
        both = np.where(both < 0, none[name], both)
        shown |= {f"{name}_1": both[:, 0], f"{name}_2": both[:, 1]}
    return shown


def shown_by(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the values of the heads of ``scene_reader`` in the form of
    ``attribute_accuracy``."""
    pairs = {
        name: np.stack([values[f"{name}_1"], values[f"{name}_2"]], axis=1)
        for name in ("kind", "colour", "size")
    }
    return {name: values[name] for name in ("count", "place", "axis")} | pairs


def _in_picture(scene, name):
    """Return an attribute of both objects ``[n, 2]``, the upper or left one first."""
    swaps = (scene.form == RELATED) & (scene.relation % 2 == 1)
    both = getattr(scene, name)
    return np.where(swaps[:, None], both[:, ::-1], both)
