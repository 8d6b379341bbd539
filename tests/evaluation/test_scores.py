"""Evaluators on data whose scores are known."""

import dataclasses
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.core import init_state
from ganjax.data import Arrays, Source, Spec, held_out, open_source
from ganjax.errors import BadInput
from ganjax.evaluation import EVALUATORS, Evaluation, EvaluationData, Side, measures
from ganjax.evaluation.paths import slerp
from ganjax.metrics.features import Extractor
from ganjax.model import Model, Sampler
from ganjax.report.comparison import differing_fields
from tests import tiny


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def plain():
    setup = tiny.setup("gan")
    return setup, init_state(setup.game, jax.random.key(0), setup.knobs)


def normal_source(count=600, width=3):
    points = np.random.default_rng(0).standard_normal((2, count, width))
    train, test = (
        Arrays(x.astype(np.float32), np.arange(count, dtype=np.int32) % 2)
        for x in points
    )
    return Source(Spec("normal", (width,), classes=("even", "odd")), train, test)


def evaluation_data_of(plain, samples, source, **options):
    """An ``EvaluationData`` whose generated samples are the given samples."""
    sampler = Sampler(generate=lambda apply, keys: samples[: keys.shape[0]])
    return EvaluationData(sampler, source, samples=len(samples), seed=0, **options)


def scores_of(plain, name, evaluation_data):
    """The scores of an evaluator, by name."""
    model = Model(plain[0].game, evaluation_data.sampler, plain[1])
    return dict(EVALUATORS[name](evaluation_data).run(model))


def evaluation_of(plain, names, evaluation_data):
    game = plain[0].game
    return Evaluation(
        evaluation_data,
        names,
        lambda state: Model(game, evaluation_data.sampler, state),
    )


MEASURED = {
    "frechet": ("fd", "fd_debiased_low", "fd_debiased_high"),
    "frechet_infinity": ("fd_infinity",),
    "kernel": ("kd", "kd_std"),
    "precision_recall": ("precision", "recall"),
    "density_coverage": ("density", "coverage"),
    "curves": ("prd_f_8", "prd_f_1_8"),
    "sliced": ("swd",),
    "diversity": ("diversity",),
}


@pytest.mark.parametrize("name", MEASURED)
def test_floor_is_the_score_of_held_out_samples(plain, name):
    """If the samples are held-out samples, score and floor are equal. Both names
    contain the features and the number of samples."""
    source = normal_source()
    samples, _ = held_out(source.test, 200, seed=0)
    evaluation_data = evaluation_data_of(plain, samples, source)
    scores = scores_of(plain, name, evaluation_data)
    for stem in MEASURED[name]:
        score = scores.pop(f"{stem}_points_200")
        assert scores.pop(f"{stem}_points_200_floor") == pytest.approx(score, rel=1e-9)
        assert np.isfinite(score)
    assert not scores


def test_an_extrapolation_below_zero_is_told(plain):
    """For equal distributions about half of the extrapolations are negative."""
    source, told = normal_source(count=2000), []
    for seed in range(8):
        samples = np.random.default_rng(seed).standard_normal((300, 3))
        data = evaluation_data_of(plain, samples.astype(np.float32), source)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = dict(
                measures.frechet_infinity.compare(data.train, Side(samples, None, None))
            )
        said = any("fd_infinity of 300 samples is" in str(w.message) for w in caught)
        assert said == (found["fd_infinity"] < 0)
        told.append(said)
    assert any(told) and not all(told)


def test_few_held_out_samples_are_told(plain):
    for count, few in ((499, True), (500, False)):
        data = evaluation_data_of(plain, np.zeros((100, 3)), normal_source(count))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            EVALUATORS["sliced"](data)
        assert any("499 held-out samples" in str(w.message) for w in caught) == few


def test_the_bootstrap_of_wide_samples_is_refused_before_any_is_drawn(plain):
    """Each of its 200 distances of D values costs D³. An extractor is the remedy."""
    said = "names='frechet': 1025 values of samples of 1025.*evaluation.extractor"
    with pytest.raises(BadInput, match=said):
        wide = evaluation_data_of(plain, np.zeros((100, 1025)), normal_source(9, 1025))
        evaluation_of(plain, ["frechet"], wide)
    fits = evaluation_data_of(plain, np.zeros((100, 1024)), normal_source(9, 1024))
    assert evaluation_of(plain, ["frechet"], fits)
    images = Arrays(np.zeros((9, 40, 40, 1), np.uint8), np.zeros(9, np.int32))
    source = Source(Spec("large", (40, 40, 1)), images, images)
    extractor = Extractor(
        name="flat", width=2, digest="0", resize="none",
        see=lambda x: (x.reshape(len(x), -1)[:, :2].astype(np.float32), None),
    )  # fmt: skip
    seen = evaluation_data_of(plain, np.zeros((100, 40, 40, 1)), source)
    with pytest.raises(BadInput, match="1600 values of samples of 40×40×1"):
        evaluation_of(plain, ["frechet"], seen)
    seen = evaluation_data_of(
        plain, np.zeros((100, 40, 40, 1)), source, extractor=extractor
    )
    assert evaluation_of(plain, ["frechet"], seen)


def test_names_say_which_features(plain):
    evaluation_data = evaluation_data_of(
        plain, np.zeros((1000, 3), np.float32), normal_source()
    )
    scores = scores_of(plain, "frechet", evaluation_data)
    assert "fd_points_1k" in scores
    images = open_source("digits")
    samples = np.zeros((250, 8, 8, 1), np.float32)

    def over(name):
        def see(x):
            flat = x.reshape(len(x), -1)[:, 20:24].astype(np.float32)
            return flat, np.eye(10, dtype=np.float32)[[0] * len(x)]

        extractor = Extractor(name=name, width=4, digest="0", resize="none", see=see)
        evaluation_data = evaluation_data_of(
            plain, samples, images, extractor=extractor
        )
        return evaluation_data, scores_of(plain, "frechet", evaluation_data)

    assert "fid_250" in over("inception")[1]
    evaluation_data, scores = over("small")
    assert "fd_small_250" in scores and "fid_250" not in scores
    assert scores_of(plain, "inception_score", evaluation_data)["is_small_250"] == 1
    found = scores_of(plain, "classes", evaluation_data)
    assert found["classes_modes_small_250"] == 1
    assert found["classes_reverse_kl_small_250"] == pytest.approx(np.log(10))


def test_channels_are_read_one_by_one(plain):
    """Stacks of flat digits, which are classified by brightness. The 24 samples have 12
    of the 1,000 classes, and each channel is classified with probability 1."""
    digits = np.array([[0, 1, 2], [9, 9, 9], [3, 0, 7]] * 4)
    digits[:, 2] = (digits[:, 2] + np.arange(12)) % 10
    label = (digits @ [100, 10, 1]).astype(np.int32)
    flat = np.broadcast_to(20 * digits[:, None, None], (12, 2, 2, 3)).astype(np.uint8)
    names = tuple(map(str, range(1000)))
    spec = Spec("stacks", (2, 2, 3), names, stacked=True)
    source = Source(spec, Arrays(flat, label), Arrays(flat, label))

    def see(x):
        assert x.shape[-1] == 1
        read = np.rint(x[:, 0, 0, 0] / 20).astype(int)
        return x.reshape(len(x), -1), np.eye(10)[read]

    extractor = Extractor(name="bright", width=4, digest="0", resize="none", see=see)
    samples = np.concatenate([flat, flat]) / 127.5 - 1
    evaluation_data = evaluation_data_of(plain, samples, source, extractor=extractor)
    found = scores_of(plain, "classes", evaluation_data)
    kinds = len(np.unique(label))
    assert found["classes_modes_bright_24"] == kinds
    assert found["classes_modes_bright_12_floor"] == kinds
    assert found["classes_confidence_bright_24"] == 1
    shares = np.unique(label, return_counts=True)[1] / 12
    assert found["classes_reverse_kl_bright_24"] == pytest.approx(
        np.sum(shares * np.log(1000 * shares))
    )
    two = Source(Spec("two", (2, 2, 3), ("a", "b"), stacked=True), *[source.train] * 2)
    with pytest.raises(BadInput, match="classes of each channel of data.name='two'"):
        evaluation_data = evaluation_data_of(plain, samples, two, extractor=extractor)
        evaluation_of(plain, ["classes"], evaluation_data)


def test_within_classes(plain):
    """If the samples of two classes are swapped, the distance within each class is
    large, although the set of all samples is right."""
    count = 200
    label = np.arange(count, dtype=np.int32) % 2
    rng = np.random.default_rng(0)
    data = (rng.standard_normal((count, 2)) + 10 * label[:, None]).astype(np.float32)
    split = Arrays(data, label)
    source = Source(Spec("two", (2,), classes=("a", "b")), split, split)
    wanted = jnp.asarray(data)

    def scores(swapped):
        # Sample i is data point i, or its neighbour with the other class.
        decode = lambda apply, z, y: wanted[jnp.arange(len(y)) ^ swapped]  # noqa: E731
        sampler = Sampler(plain[0].sampler.draw, decode, classes=2)
        evaluation_data = EvaluationData(sampler, source, samples=count, seed=0)
        return scores_of(plain, "intra_frechet", evaluation_data)[
            f"intra_fd_points_{count}"
        ]

    assert scores(0) == pytest.approx(0, abs=1e-6)
    assert scores(1) == pytest.approx(200, rel=0.1)
    with pytest.raises(BadInput, match="intra_frechet.*conditional_gan"):
        evaluation = evaluation_of(
            plain, ["intra_frechet"], evaluation_data_of(plain, data, source)
        )
        evaluation.run(plain[1])


def test_what_is_learned_from_samples(plain):
    """A classifier that is trained on samples equal to the training data is as accurate
    as one trained on the data. With swapped labels its accuracy is 1 minus that
    accuracy."""
    count = 400
    label = np.arange(count, dtype=np.int32) % 2
    rng = np.random.default_rng(0)
    data, test = (
        (rng.standard_normal((count, 2)) + 2 * label[:, None]).astype(np.float32)
        for _ in range(2)
    )
    source = Source(
        Spec("two", (2,), classes=("a", "b")), Arrays(data, label), Arrays(test, label)
    )
    wanted = jnp.asarray(data)

    def scores(swapped):
        decode = lambda apply, z, y: wanted[jnp.arange(len(y)) ^ swapped]  # noqa: E731
        sampler = Sampler(plain[0].sampler.draw, decode, classes=2)
        evaluation_data = EvaluationData(sampler, source, samples=count, seed=0)
        return scores_of(plain, "classification", evaluation_data)

    found = scores(0)
    # The best accuracy for two Gaussians at distance 2√2 is Φ(√2) = 0.921.
    for stem in ("cas", "cas_real", "cas_augmented"):
        assert found[f"{stem}_points_400"] == pytest.approx(0.921, abs=0.04)
    assert scores(1)["cas_points_400"] == pytest.approx(1 - 0.921, abs=0.04)
    with pytest.raises(BadInput, match="classification.*conditional_gan"):
        evaluation_of(
            plain, ["classification"], evaluation_data_of(plain, data, source)
        )


def test_copies_of_training_samples_are_found(plain):
    source = normal_source()
    train, _ = held_out(source.train, 300, seed=1)
    fresh, _ = held_out(source.test, 300, seed=1)
    scores = scores_of(plain, "copies", evaluation_data_of(plain, train, source))
    assert scores["copied_points_300"] == 1
    assert scores["copied_points_300_floor"] == pytest.approx(0.01, abs=0.005)
    scores = scores_of(plain, "copies", evaluation_data_of(plain, fresh, source))
    assert scores["copied_points_300"] < 0.05


def test_a_critic_that_looks_at_the_first_number(plain):
    source = normal_source()
    shifted = source.test.data[:300] - 2
    evaluation_data = evaluation_data_of(plain, shifted, source)
    evaluation_data.sampler = dataclasses.replace(
        evaluation_data.sampler, critic=lambda apply, x, label: x[:, 0]
    )
    scores = scores_of(plain, "critic", evaluation_data)
    assert scores["critic_distance"] == pytest.approx(2, abs=0.3)
    assert scores["critic_auroc"] == pytest.approx(0.92, abs=0.04)  # Φ(2 / √2)
    assert scores["critic_auroc_train_over_test"] == pytest.approx(0.5, abs=0.08)
    encoder = tiny.setup("adversarial_autoencoder")
    with pytest.raises(BadInput, match="names='critic'.*game='gan'"):
        evaluation_data = EvaluationData(encoder.sampler, source, samples=100, seed=0)
        Evaluation(evaluation_data, ["critic"], encoder.model)


def test_critics_of_every_kind_have_one_score_a_sample(plain):
    for name, overrides in (
        ("gan", {}),
        ("gan", {"packing": 2}),
        ("conditional_gan", {}),
    ):
        setup = tiny.setup(name, **overrides)
        state = init_state(setup.game, jax.random.key(0), setup.knobs)
        evaluation_data = EvaluationData(
            setup.sampler, setup.source, samples=300, seed=0, real=300
        )
        scores = scores_of((setup, state), "critic", evaluation_data)
        assert 0 <= scores["critic_p_value"] <= 1


def test_slerp_by_hand():
    a, b = jnp.array([[2.0, 0.0]]), jnp.array([[0.0, 4.0]])
    np.testing.assert_allclose(slerp(a, b, 0.0), a, atol=1e-6)
    np.testing.assert_allclose(slerp(a, b, 1.0), b, atol=1e-6)
    half = 3 * np.sqrt([[0.5, 0.5]])
    np.testing.assert_allclose(slerp(a, b, 0.5), half, rtol=1e-6)
    np.testing.assert_allclose(slerp(a, 3 * a, 0.5), 2 * a, rtol=1e-6)


def test_path_length_on_the_circle(plain):
    """The angle between two random points of a circle is uniform in [0, π], and the
    path turns by it at constant speed. The mean squared angle is π² / 3."""

    def draw(keys, truncation=0.0):
        angle = jax.vmap(lambda k: jax.random.uniform(k, maxval=2 * jnp.pi))(keys)
        return jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=1)

    source = plain[0].source
    circle = Sampler(draw, lambda apply, z, label: z)
    evaluation_data = EvaluationData(circle, source, samples=2000, seed=0)
    (found,) = scores_of(plain, "paths", evaluation_data).items()
    assert found[0] == "ppl_points_2k"
    assert found[1] == pytest.approx(np.pi**2 / 3, rel=0.06)
    with pytest.raises(BadInput, match="names='paths'.*latents"):
        evaluation_of(
            plain, ["paths"], evaluation_data_of(plain, np.zeros((100, 2)), source)
        )


def test_every_path_counts(plain, monkeypatch):
    """GaParmar/clean-fid #32: the number of samples is rounded to whole batches. Here
    it was rounded down to chunks of 250."""

    def draw(keys, truncation=0.0):
        return jax.vmap(lambda key: jax.random.normal(key, (2,)))(keys)

    normal = Sampler(draw, lambda apply, z, label: z)
    monkeypatch.setattr("ganjax.evaluation.paths.path_length", len)
    data = EvaluationData(normal, plain[0].source, samples=260, seed=0)
    assert scores_of(plain, "paths", data) == {"ppl_points_260": 260}


def test_what_a_metric_cannot_take_is_one_line(plain):
    source = normal_source()
    for name, samples, said in (
        ("density_coverage", np.full((100, 3), np.nan, np.float32), "not finite"),
        ("sliced", np.full((100, 3), np.inf, np.float32), "not finite"),
    ):
        evaluation = evaluation_of(
            plain, [name], evaluation_data_of(plain, samples, source)
        )
        with pytest.raises(BadInput, match=f"evaluation.names='{name}': .*{said}"):
            evaluation.run(plain[1])
    same = Arrays(np.ones((100, 3), np.float32), np.zeros(100, np.int32))
    constant = Source(Spec("constant", (3,)), same, same)
    evaluation_data = evaluation_data_of(plain, same.data, constant)
    evaluation = evaluation_of(plain, ["frechet"], evaluation_data)
    with pytest.raises(BadInput, match="real samples have the same features"):
        evaluation.run(plain[1])
    wide = normal_source(width=150)
    fake, _ = held_out(wide.test, 100, seed=0)
    with pytest.warns(UserWarning, match="100 samples of 150 features"):
        scores_of(plain, "frechet", evaluation_data_of(plain, fake, wide))


def test_protocols_that_differ_are_refused_by_field(plain):
    evaluation_data = evaluation_data_of(
        plain, np.zeros((100, 3), np.float32), normal_source()
    )
    one = evaluation_of(plain, ["sliced"], evaluation_data).protocol(step=10)
    assert one["fake"] == 100 and one["real"] == 600 and one["data"] == "normal"
    assert not differing_fields(one, {**one, "step": 20, "seed": 5})
    assert differing_fields(one, {**one, "fake": 200, "resize": "bicubic"}) == [
        "fake is 100 and 200",
        'resize is "none" and "bicubic"',
    ]


def test_evaluations_are_of_all_names(plain):
    source = normal_source()
    samples, _ = held_out(source.train, 200, seed=0)
    evaluation_data = evaluation_data_of(plain, samples, source)
    evaluation = evaluation_of(plain, ["sliced", "kernel"], evaluation_data)
    scores = evaluation.run(plain[1])
    assert evaluation and {"swd_points_200", "kd_points_200"} <= set(scores)
    assert not evaluation_of(plain, [], evaluation_data)


def test_data_that_a_metric_cannot_take_are_named():
    """Two images have no five neighbours. This is refused before any sample is
    drawn."""
    setup = tiny.setup("convolutional")
    train = setup.source.train
    few = Arrays(train.data[:2], train.label[:2])
    source = dataclasses.replace(setup.source, train=few)
    evaluation_data = EvaluationData(setup.sampler, source, samples=100, seed=0)
    with pytest.raises(BadInput, match="names='pixels': 2 training images"):
        Evaluation(evaluation_data, ("pixels",), setup.model)
