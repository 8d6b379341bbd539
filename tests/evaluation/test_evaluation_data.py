"""Data of evaluators: drawn once, with the requested labels and stored features."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.core import child_key, init_state
from ganjax.data import Arrays, Source, Spec, as_bytes, open_source
from ganjax.data.made_up import made_up
from ganjax.errors import BadInput, Uncomputable
from ganjax.evaluation import EVALUATORS, Evaluation, EvaluationData, options
from ganjax.evaluation.protocol import protocol_of
from ganjax.metrics.features import Extractor
from ganjax.model import Model, Sampler, Sampling
from tests import tiny


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def counting(seen, name="brightness"):
    """An extractor with one feature, the image's mean. It lists its batch sizes in
    ``seen``."""

    def see(images):
        seen.append(len(images))
        mean = images.reshape(len(images), -1).mean(1, keepdims=True)
        return mean.astype(np.float32), None

    return Extractor(name=name, width=1, digest="0", resize="none", see=see)


def test_a_model_is_drawn_once_and_by_the_seed():
    setup = tiny.setup("gan")
    models = [
        setup.model(init_state(setup.game, jax.random.key(seed), setup.knobs))
        for seed in (0, 1)
    ]
    evaluation_data = EvaluationData(setup.sampler, setup.source, samples=100, seed=3)
    first = evaluation_data.fake(models[0])
    assert evaluation_data.fake(models[0]) is first
    assert not np.allclose(evaluation_data.fake(models[1]).data, first.data)
    key = child_key(jax.random.key(3), "evaluation")
    np.testing.assert_array_equal(first.data, models[0].sample(key, 100))


def test_labels_are_those_that_samples_were_asked_for():
    """600 samples need several chunks. The chunk size is no multiple of 7 classes."""
    setup = tiny.setup("gan")
    shown = Sampler(
        draw=setup.sampler.draw,
        decode=lambda apply, z, label: jax.nn.one_hot(label, 7),
        classes=7,
    )
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    model = Model(setup.game, shown, state)
    fake = EvaluationData(shown, setup.source, samples=600, seed=0).fake(model)
    np.testing.assert_array_equal(fake.data.argmax(1), fake.label)
    assert np.bincount(fake.label).min() >= 84


def test_bytes_are_those_of_the_files():
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    scaled = values.astype(np.float32) / 127.5 - 1
    np.testing.assert_array_equal(as_bytes(scaled), values)
    assert as_bytes(np.full((1, 1, 1, 1), 7.0)).item() == 255


def test_features_of_real_images_are_kept_on_the_disk(tmp_path):
    setup = tiny.setup("convolutional")
    seen = []

    def held_out_side(real=100, extractor=None):
        extractor = extractor or counting(seen)
        return EvaluationData(
            setup.sampler, setup.source, samples=100, seed=0, real=real,
            extractor=extractor,
        ).test  # fmt: skip

    first = held_out_side().features
    np.testing.assert_allclose(
        first[:, 0], as_bytes(held_out_side().data).reshape(100, -1).mean(1), rtol=1e-5
    )
    np.testing.assert_array_equal(held_out_side().features, first)
    assert seen == [100]
    assert held_out_side().first(2).features.shape == (2, 1)
    assert seen == [100, 2]  # only the requested images are extracted
    assert len(held_out_side(real=120).features) == 120
    held_out_side(extractor=counting(seen, "other")).features  # noqa: B018
    assert seen == [100, 2, 120, 100]
    for entry in tmp_path.rglob("*.npz"):  # damaged files are replaced
        entry.write_bytes(entry.read_bytes()[:50])
    np.testing.assert_array_equal(held_out_side().features, first)
    assert seen[-1] == 100 and len(seen) == 5
    np.testing.assert_array_equal(held_out_side().features, first)
    assert len(seen) == 5


def test_alpha_is_on_white_before_an_extractor():
    """A black image that is transparent is white: its mean is 255. The protocol has a
    field for this, which other images do not have."""

    def evaluation_data(data):
        made = made_up(data.shape[1:], count=1)
        source = Source(made.spec, *2 * [Arrays(data, made.train.label)])
        sampler = Sampler(draw=None, decode=None)
        how = {"samples": 1, "seed": 0, "extractor": counting([])}
        return EvaluationData(sampler, source, **how)

    black = np.zeros((1, 2, 2, 4), np.uint8)
    transparent = evaluation_data(black)
    assert transparent.test.features == 255
    assert protocol_of(transparent, 1)["alpha"] == "on white"
    opaque = black.copy()
    opaque[..., 3] = 255
    assert evaluation_data(opaque).test.features == 0
    colour = evaluation_data(black[..., :3])
    assert colour.test.features == 0
    assert "alpha" not in protocol_of(colour, 1)


def drawn(images, **how):
    """An evaluation of a game whose samples are ``images``, with one feature."""
    count = len(images)
    source = made_up(images.shape[1:], count=8)
    decode = lambda apply, z, label: jnp.asarray(images)[: len(z)]  # noqa: E731
    sampler = Sampler(draw=lambda keys: jnp.zeros((len(keys), 1)), decode=decode)
    how = {"samples": count, "seed": 0, "extractor": counting([]), **how}
    data = EvaluationData(sampler, source, **how)
    setup = tiny.setup("gan")
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    return data, Model(setup.game, sampler, state)


def test_a_pixel_that_is_not_a_number_has_no_features():
    """As a byte it would be black, and the scores of a diverged model finite."""
    images = np.zeros((4, 8, 8, 1), np.float32)
    images[2, 3, 3] = np.nan
    for name in ("sliced", "paths"):
        evaluation = Evaluation(*drawn(images)[:1], [name], lambda state: state)
        with pytest.raises(BadInput, match=f"'{name}': the images hold values that ar"):
            evaluation.run(drawn(images)[1])


def test_paths_of_images_with_alpha_are_on_white():
    """An opaque black image and a transparent one differ by 255 in their mean. So the
    path between them has the length (255 / 1e-4)² as in other scores."""
    images = np.full((4, 2, 2, 4), -1, np.float32)
    images[:2, ..., 3] = 1  # opaque
    data, model = drawn(images)
    evaluator = EVALUATORS["paths"](data)
    features = evaluator._features(images)
    np.testing.assert_allclose(features[:, 0], [0, 0, 255, 255], atol=1e-4)
    assert dict(evaluator.run(model)) == {"ppl_brightness_4": 0}


@pytest.mark.parametrize(
    "extractor, shape, said",
    [
        (counting([]), (8, 8, 5), "1 channel .*, 3 .* or 4 .*, not 8×8×5"),
        (counting([]), (8, 8, 2), "not 8×8×2"),
        (counting([]), (2,), "expected images .*, not 2"),
        (None, (28, 32, 1), "expected images of 28×28×1, not 28×32×1"),
        (None, (28, 28, 4), "expected images of 28×28×1, not 28×28×3"),
    ],
)
def test_what_an_extractor_cannot_take_is_found_before_a_step(
    monkeypatch, extractor, shape, said
):
    if extractor:
        monkeypatch.setattr(options, "open_extractor", lambda *of: extractor)
    stated = options.EvaluationOptions(extractor="small_cnn_mnist")
    source, sampler = made_up(shape, count=4), Sampler(draw=None, decode=None)
    with pytest.raises(BadInput, match=f"evaluation.extractor='.*': .*{said}"):
        options.evaluation_data_of(stated, sampler, source, Sampling(), 0)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_what_an_extractor_takes(monkeypatch, channels):
    monkeypatch.setattr(options, "open_extractor", lambda *of: counting([]))
    stated = options.EvaluationOptions(extractor="small_cnn_mnist")
    source, sampler = made_up((8, 12, channels), count=4), Sampler(None, None)
    made = options.evaluation_data_of(stated, sampler, source, Sampling(), 0)
    assert made.test.features.shape == (4, 1)


def test_points_and_pixels_are_their_own_features():
    setup = tiny.setup("gan")
    evaluation_data = EvaluationData(
        setup.sampler, open_source("ring8"), samples=100, seed=0, real=50
    )
    np.testing.assert_array_equal(
        evaluation_data.train.features, evaluation_data.train.data
    )
    assert (
        evaluation_data.train.probabilities is None and len(evaluation_data.train) == 50
    )


def test_the_reference_is_the_whole_training_split():
    """FID's convention. More than 10,000 images are all read; drawn data have no whole
    split, so 10,000 samples are drawn. Both counts are in the protocol."""
    many = made_up((1, 1, 1), count=10_500)
    few = Arrays(many.train.data[:20], many.train.label[:20])
    source = Source(many.spec, many.train, few)
    sampler = Sampler(draw=None, decode=None)

    def protocol(source, **how):
        data = EvaluationData(sampler, source, samples=100, seed=0, **how)
        assert len(data.train) == data.sizes["training"]
        found = protocol_of(data, 1)
        return found["fake"], found["real"], found["held_out"]

    assert protocol(source) == (100, 10_500, 20)
    assert protocol(source, real=10_000) == (100, 10_000, 20)
    assert protocol(source, real=15) == (100, 15, 15)
    assert protocol(open_source("ring8")) == (100, 10_000, 10_000)
    assert options.EvaluationOptions().real == 0


class Large:
    """100,000 images of 256×256×3, which are not there."""

    label = np.zeros(100_000, np.int32)

    def __len__(self):
        return 100_000

    def __getitem__(self, index):
        return {"data": np.broadcast_to(np.uint8(0), (256, 256, 3)), "label": 0}


def test_features_of_a_large_split_are_computed_in_parts(monkeypatch):
    """They are the features, the labels and the order of the split in memory."""
    setup, seen = tiny.setup("convolutional"), []
    how = {"samples": 100, "seed": 3, "extractor": counting(seen)}
    whole = EvaluationData(setup.sampler, setup.source, **how).train
    features = whole.features
    for module in ("evaluation_data", "side"):
        place = f"ganjax.evaluation.{module}.MOST_BYTES"
        monkeypatch.setattr(place, 4 * 64 * 30)  # 30 images
    monkeypatch.setattr("ganjax.evaluation.side.PART", 100)
    seen.clear()
    parts = EvaluationData(setup.sampler, setup.source, **how).train
    few = parts.first(30)
    np.testing.assert_array_equal(few.data, whole.data[:30])
    np.testing.assert_array_equal(parts.features, features)
    assert max(seen) == 100 and sum(seen) == len(whole)
    np.testing.assert_array_equal(parts.label, whole.label)
    np.testing.assert_array_equal(parts.first(31).features, features[:31])
    assert sum(seen) == len(parts) == len(whole)
    with pytest.raises(Uncomputable, match="the pixels of 31 images do not fit"):
        parts.first(31).data  # noqa: B018


def test_a_split_that_does_not_fit_into_memory_is_refused_before_a_step():
    """4 · 256² · 3 · 100,000 bytes are 73 GiB."""
    setup = tiny.setup("gan")
    source = Source(Spec("large", (256, 256, 3)), Large(), Large())
    data = EvaluationData(setup.sampler, source, samples=100, seed=0)
    said = "100000 real samples need 73 GiB, .*evaluation.real=N takes N"
    for name in ("sliced", "copies", "pixels", "critic", "parzen", "inversion"):
        with pytest.raises(BadInput, match=f"'{name}': the pixels of {said}"):
            Evaluation(data, [name], setup.model)
    seen = EvaluationData(
        setup.sampler, source, samples=100, seed=0, extractor=counting([])
    )
    assert Evaluation(seen, ["sliced", "copies"], setup.model)
    assert protocol_of(seen, 1)["real"] == 100_000
    for name in ("critic", "wavelet"):
        with pytest.raises(BadInput, match=f"'{name}': the pixels of {said}"):
            Evaluation(seen, [name], setup.model)
    data = EvaluationData(setup.sampler, source, samples=100, seed=0, real=50)
    assert Evaluation(data, ["sliced"], setup.model)
    assert data.train.data.shape == (50, 256, 256, 3)
