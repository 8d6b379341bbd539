"""What an evaluator needs is checked before training, from sizes and labels."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.core import init_state
from ganjax.data import Arrays, Source, Spec
from ganjax.errors import BadInput, Uncomputable
from ganjax.evaluation import Evaluation, EvaluationData, Side
from ganjax.evaluation.measures import MEASURES
from ganjax.metrics.features import Extractor
from ganjax.model import Sampler
from tests import tiny


def points(count, classes=0):
    data = np.random.default_rng(count).standard_normal((count, 2)).astype(np.float32)
    return Arrays(data, (np.arange(count) % max(classes, 1)).astype(np.int32))


def side(count):
    p = np.full((count, 4), 0.25)
    return Side(points(count).data, None, Extractor("e", 2, "0", "none", None)), p


@pytest.mark.parametrize("name", [n for n in MEASURES if n != "intra_frechet"])
def test_a_measure_computes_from_the_fewest_samples_that_it_declares(name):
    """One sample fewer on either side cannot be compared, or there is none left."""
    measure = MEASURES[name]

    def scores(real, other):
        sides = []
        for n in (real, other):
            one = Side(points(n).data, None, None)
            one.__dict__["_seen"] = points(n).data, np.full((n, 4), 0.25)
            sides.append(one)
        return dict(measure.compare(*sides))

    real, other = measure.fewest
    with np.errstate(all="ignore"), pytest.warns() if name == "frechet" else _quiet():
        assert scores(real, other)
    for fewer in ((real - 1, other), (real, other - 1)):
        if min(fewer) and name not in ("curves", "frechet"):
            with pytest.raises(Uncomputable):
                scores(*fewer)


def _quiet():
    import contextlib

    return contextlib.nullcontext()


def evaluation(names, train, test, *, sampler=None, shape=(2,), classes=(), **more):
    setup = tiny.setup("gan")
    spec = Spec("small", shape, classes=classes)
    data = EvaluationData(
        sampler or setup.sampler, Source(spec, train, test), samples=100, seed=0, **more
    )
    return Evaluation(data, names, setup.model)


@pytest.mark.parametrize(
    ("name", "train", "test", "said"),
    [
        ("frechet", 12, 1, "1 held-out sample, expected at least 2"),
        ("frechet", 1, 12, "1 training sample, expected at least 2"),
        ("frechet_infinity", 12, 14, "14 held-out samples, expected at least 15"),
        ("kernel", 12, 1, "1 held-out sample, expected at least 2"),
        ("precision_recall", 12, 3, "3 held-out samples, expected at least 4"),
        ("density_coverage", 5, 12, "5 training samples, expected at least 6"),
        ("curves", 12, 9, "9 held-out samples, expected at least 10"),
        ("sliced", 12, 0, "0 held-out samples, expected at least 1"),
        ("diversity", 12, 1, "1 held-out sample, expected at least 2"),
        ("copies", 12, 1, "1 held-out sample, expected at least 2"),
        ("parzen", 12, 1, "1 held-out sample, expected at least 2"),
        ("critic", 12, 1, "1 held-out sample, expected at least 2"),
        ("inversion", 12, 0, "0 held-out samples, expected at least 1"),
        ("inception_score", 12, 12, "there are no class probabilities, expected"),
        ("intra_frechet", 12, 12, "the real or the generated samples have no labels"),
    ],
)
def test_too_few_samples_are_counted(name, train, test, said):
    with pytest.raises(BadInput, match=f"^evaluation.names='{name}': {said}"):
        evaluation([name], points(train), points(test))


def test_every_class_needs_two_samples():
    sampler = Sampler(
        draw=lambda keys, truncation=0.0: jnp.zeros((len(keys), 2)),
        decode=lambda apply, z, label: z,
        classes=3,
    )
    how = {"sampler": sampler, "classes": ("cat", "dog", "owl")}
    assert evaluation(["intra_frechet"], points(6, 3), points(6, 3), **how)
    for train, test, said in (
        (6, 5, "1 held-out sample of class 'owl', expected at least 2"),
        (5, 6, "1 training sample of class 'owl', expected at least 2"),
    ):
        with pytest.raises(BadInput, match=f"names='intra_frechet': {said}$"):
            evaluation(["intra_frechet"], points(train, 3), points(test, 3), **how)
    with pytest.raises(BadInput, match="training samples of 1 class, expected at le"):
        evaluation(["classification"], points(6), points(6), **how)


def see_only_large(images):
    if images.shape[1] < 32:
        raise BadInput("evaluation: images of 8×8: expected at least 32×32")
    return np.zeros((len(images), 2)), None


def test_an_extractor_sees_two_images_before_training():
    small = Arrays(np.zeros((20, 8, 8, 1), np.uint8), np.zeros(20, np.int32))
    large = Arrays(np.zeros((20, 32, 32, 1), np.uint8), np.zeros(20, np.int32))
    extractor = Extractor("large", 2, "0", "none", see_only_large)
    for name in ("sliced", "copies", "paths"):
        with pytest.raises(BadInput, match="images of 8×8: expected at least 32×32"):
            evaluation([name], small, small, shape=(8, 8, 1), extractor=extractor)
    many = {"shape": (32, 32, 1), "extractor": extractor}
    assert evaluation(["sliced"], large, large, **many)
    with pytest.raises(BadInput, match="inception_score': .*with classes"):
        evaluation(["inception_score"], large, large, **many)
    with pytest.raises(BadInput, match="'sliced': expected images with .*'large'"):
        evaluation(["sliced"], points(20), points(20), extractor=extractor)


def test_a_restoration_needs_images_as_large_as_a_window():
    setup = tiny.setup("super_resolution")
    data = EvaluationData(setup.sampler, setup.source, samples=100, seed=0)
    said = "'restoration': images of 8×8×1, expected more than 10 pixels"
    with pytest.raises(BadInput, match=said):
        Evaluation(data, ["restoration"], setup.model)


@pytest.mark.parametrize(
    ("more", "held_out", "said"),
    [
        ({"packing": 7, "batch_size": 14}, 13, "13 held-out samples, .* at least 14"),
        ({"packing": 7, "batch_size": 14}, 14, ""),
        ({"networks__discriminator__minibatch_discrimination": 3}, 7, "at least 8"),
    ],
)
def test_a_critic_needs_two_scores_or_a_whole_group(more, held_out, said):
    setup = tiny.setup("gan", **more)
    source = Source(setup.source.spec, points(30), points(held_out))
    data = EvaluationData(setup.sampler, source, samples=100, seed=0)
    if not said:
        state = init_state(setup.game, jax.random.key(0), setup.knobs)
        scores = Evaluation(data, ["critic"], setup.model).run(state)
        assert np.isfinite(scores["critic_distance"])
        return
    with pytest.raises(BadInput, match=f"'critic': .*{said}"):
        Evaluation(data, ["critic"], setup.model)


@pytest.mark.parametrize(
    ("batch", "packing", "group", "right"),
    [(7, 1, 4, 8), (10, 1, 4, 8), (11, 1, 4, 12), (48, 1, 32, 64), (18, 3, 4, 24)],
)
def test_a_batch_that_groups_do_not_divide_is_refused(batch, packing, group, right):
    """As by NVIDIA's code, whose reshape fails. A smaller divisor would change the
    meaning of the feature, and with 7 samples it would be constant."""
    critic = {"name": "stylegan2", "channel_base": 1024, "channel_max": 4}
    networks = {"generator": {"widths": (4,)}, "discriminator": critic}
    stated = {**tiny.GAMES["convolutional"], "networks": networks, "packing": packing}
    critic["minibatch_std_group"] = group
    with pytest.raises(BadInput, match=f"batch_size={batch}: .*, such as {right}, bec"):
        build(resolve({**stated, "batch_size": batch}))
    assert build(resolve({**stated, "batch_size": right}))
    # A batch smaller than a group is one group, as in NVIDIA's code.
    assert build(resolve({**stated, "batch_size": 2 * packing}))


def test_anomalies_need_samples_of_both_kinds():
    setup = tiny.setup("anogan")
    test = setup.source.test
    normal = test.label == setup.source.spec.normal[0]
    few = Arrays(test.data[normal][:5], test.label[normal][:5])
    source = dataclasses.replace(setup.source, test=few)
    data = EvaluationData(setup.sampler, source, samples=100, seed=0)
    with pytest.raises(BadInput, match="0 held-out samples of other classes, expected"):
        Evaluation(data, ["anomalies"], setup.model)


def test_the_sizes_that_are_given_are_enough():
    """A model of a quick game is scored on the fewest samples that are accepted."""
    setup = build(resolve({"batch_size": 8, **tiny.GAMES["gan"]}))
    source = Source(setup.source.spec, points(10), points(15))
    data = EvaluationData(setup.sampler, source, samples=100, seed=0)
    names = [n for n in MEASURES if n not in ("intra_frechet", "inception_score")]
    made = Evaluation(data, [*names, "copies", "parzen", "critic"], setup.model)
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    assert all(np.isfinite(value) for value in made.run(state).values())
