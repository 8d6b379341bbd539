"""Scores of images of captions, with a reader whose answers are known."""

import dataclasses

import jax
import numpy as np
import pytest

from ganjax.data import open_source, samples
from ganjax.data.scene_grammar import ALIKE, ALONE, RELATED, Scene
from ganjax.errors import Uncomputable
from ganjax.evaluation import EVALUATORS, EvaluationData
from ganjax.evaluation.captions import said_by, seen_in, shown_by
from ganjax.metrics import attribute_accuracy
from ganjax.metrics.features import Extractor
from ganjax.metrics.features.scene_reader import HEADS, Reader
from ganjax.model import Sampler

COUNT = 400


@pytest.fixture(scope="module")
def source():
    return open_source("scenes", glyphs="digits", side=16)


def test_what_is_said_and_seen_by_hand():
    """A small red seven on the left; two blue threes at the top; a green two right of a
    large yellow circle, whose first object in the picture is the circle."""
    scene = Scene(
        form=np.array([ALONE, ALIKE, RELATED]),
        place=np.array([0, 2, -1]),
        relation=np.array([-1, -1, 3]),
        kind=np.array([[7, -1], [3, 3], [2, 10]]),
        colour=np.array([[0, -1], [2, 2], [1, 3]]),
        size=np.array([[0, -1], [1, 1], [0, 1]]),
        says_size=np.array([[1, 0], [0, 0], [0, 1]]),
    )
    said = said_by(scene)
    assert said["kind"].tolist() == [[7, -1], [3, 3], [10, 2]]
    assert said["size"].tolist() == [[0, -1], [-1, -1], [1, -1]]
    assert said["axis"].tolist() == [-1, -1, 1]
    assert said["count"].tolist() == [0, 1, 1]
    seen = seen_in(scene)
    assert set(seen) == set(HEADS)
    assert seen["kind_2"].tolist() == [13, 3, 2]
    assert seen["size_1"].tolist() == [0, 1, 1]
    assert (seen["place"].tolist(), seen["axis"].tolist()) == ([0, 2, 5], [2, 2, 1])


def test_scenes_have_what_their_captions_say(source):
    scene = samples(source.test, jax.random.split(jax.random.key(3), COUNT))["scene"]
    seen = seen_in(scene)
    for name, values in HEADS.items():
        assert 0 <= seen[name].min() and seen[name].max() < values
    found = attribute_accuracy(said_by(scene), shown_by(seen))
    assert len(found) == 8 and set(found.values()) == {1}


def answering(values):
    """An extractor that gives the same answer for every image."""

    def read(images):
        assert images.dtype == np.uint8
        n = len(images)
        return {x: np.full(n, values[x]) for x in HEADS}, np.ones((n, 2))

    reader = Reader(read, lambda tokens: np.ones((len(tokens), 2)))
    see = lambda images: (np.zeros((len(images), 1)), None)  # noqa: E731
    return Extractor("answers", 1, "0", "none", see, reader=reader)


class Blank:
    """A model whose images are black."""

    def latents(self, key, n):
        return np.zeros((n, 1))

    def decode(self, z, label):
        assert label.shape == (COUNT, 10)
        return -np.ones((COUNT, 16, 16, 3), np.float32)


def evaluation_data(source, extractor, chosen=((1,),)):
    sampler = Sampler(lambda keys: keys, lambda apply, z, label: z, chosen=chosen)
    return EvaluationData(sampler, source, samples=COUNT, seed=0, extractor=extractor)


def test_an_answer_without_looking_is_right_by_chance(source):
    """The answer is one red zero on the left. Of the captions, a third has one object;
    2/3 have a place, of five. Five standard errors are 0.12 and 0.13."""
    answer = dict.fromkeys(HEADS, 0)
    evaluator = EVALUATORS["captions"](evaluation_data(source, answering(answer)))
    found = dict(evaluator.run(Blank()))
    for name in ("digit", "shape", "colour", "size", "count", "place", "relation",
                 "all", "r_precision"):  # fmt: skip
        model, real = (found[f"captions_{name}{x}_{COUNT}"] for x in ("", "_real"))
        assert model == real
        assert f"captions_{name}_shuffled_{COUNT}" in found
    assert abs(found[f"captions_count_{COUNT}"] - 1 / 3) < 0.12
    assert abs(found[f"captions_place_{COUNT}"] - 1 / 5) < 0.13
    assert found[f"captions_r_precision_{COUNT}"] == 0
    assert len(found) == 27


def test_what_it_needs(source):
    extractor = answering(dict.fromkeys(HEADS, 0))
    blind = dataclasses.replace(extractor, reader=None)
    cases = (
        ((source, None), "expected evaluation.extractor='scene_reader'"),
        ((source, blind), "expected evaluation.extractor='scene_reader'"),
        (
            (source, extractor, ()),
            "expected a game with captions of data.name='scenes'",
        ),
        ((open_source("digits"), extractor), "expected a game with captions of data"),
    )
    for arguments, problem in cases:
        with pytest.raises(Uncomputable, match=problem):
            EVALUATORS["captions"](evaluation_data(*arguments))


def test_directions():
    evaluator = EVALUATORS["captions"]
    assert "captions_all" in evaluator.higher
    assert "captions_all_real" in evaluator.neither
    assert "captions_r_precision_shuffled" in evaluator.neither
