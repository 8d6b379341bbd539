"""Samples that are generated for evaluation, and the scores of known samples."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.core import (
    Game,
    Network,
    child_key,
    compile_step,
    init_state,
    make_train_step,
)
from ganjax.data import Arrays, held_out, open_source
from ganjax.errors import BadInput
from ganjax.evaluation import EVALUATORS, Evaluation, EvaluationData
from ganjax.model import Model, Sampler
from ganjax.model.standing_statistics import standing_statistics
from tests import tiny


@pytest.fixture(scope="module")
def convolutional():
    setup = tiny.setup("convolutional")
    return setup, init_state(setup.game, jax.random.key(0), setup.knobs)


def test_a_sample_depends_on_its_key_and_place_alone(convolutional):
    setup, state = convolutional
    key = jax.random.key(7)
    model = setup.model(state)
    many = model.sample(key, 260)  # more than one chunk
    assert many.shape == (260, 8, 8, 1) and np.abs(many).max() <= 1
    np.testing.assert_allclose(model.sample(key, 5), many[:5], atol=1e-6)
    assert not np.allclose(many[250], many[0])
    assert not np.allclose(model.sample(8, 5), many[:5])
    np.testing.assert_array_equal(model.sample(7, 260), many)
    # The same samples as from the model's latents for the key.
    np.testing.assert_allclose(model.decode(model.latents(key, 5)), many[:5], atol=1e-6)


def test_samples_come_from_the_average(convolutional):
    setup, state = convolutional
    other = init_state(setup.game, jax.random.key(1), setup.knobs)
    key = jax.random.key(7)
    mixed = state.replace(params=other.params, variables=other.variables)
    np.testing.assert_array_equal(
        setup.model(mixed).sample(key, 3), setup.model(state).sample(key, 3)
    )


def test_conditional_samples_show_the_classes_in_turn():
    """All weights of the latent are set to zero, so a sample depends only on its label.
    Samples 0 to 7 and 8 to 15 show the eight classes in the same order."""
    setup = tiny.setup("conditional_gan")
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    kernel = state.ema["generator"]["params"]["Linear_0"]["kernel"]
    state.ema["generator"]["params"]["Linear_0"]["kernel"] = kernel.at[:4].set(0)
    points = setup.model(state).sample(0, 24)
    np.testing.assert_allclose(points[:8], points[8:16], atol=1e-6)
    assert len(np.unique(points[:8].round(5), axis=0)) == 8


def of_labels(classes, network=lambda apply, x: x):
    """A sampler whose samples are their labels."""
    return Sampler(
        draw=lambda keys, truncation=0.0: jnp.zeros((len(keys), 2)),
        decode=lambda apply, z, label: network(apply, label[:, None].astype(float)),
        classes=classes,
    )


def test_every_class_is_asked_for_however_many_there_are():
    setup = tiny.setup("gan")
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    model = Model(setup.game, of_labels(600), state)  # classes exceed a chunk
    expected = np.arange(1300) % 600
    np.testing.assert_array_equal(model.sample(0, 1300)[:, 0], expected)
    np.testing.assert_array_equal(model.labels(1300), expected)
    found = model.decode(np.zeros((1300, 2), np.float32))
    np.testing.assert_array_equal(found[:, 0], expected)


def test_paths_and_neighbours_do_not_measure_noise():
    """The generator draws its layer noise from the bits of the latent. The noise is
    held fixed along a path and for latent_diversity (zCR), so there a small step of the
    latent changes images only a little."""
    small = {
        "name": "stylegan2",
        "channel_base": 1024,
        "channel_max": 4,
        "mapping_layers": 2,
        "intermediate": 8,
    }
    stated = {
        "data": {"name": "digits"},
        "batch_size": 8,
        "latents": {"size": 8},
        "networks": {"generator": small, "discriminator": {"widths": (8,)}},
        "terms": {"latent_diversity": {"weight": 1.0, "std": 1e-4}},
    }
    setup = build(resolve(stated))
    step = compile_step(make_train_step(setup.game, batch=setup.feed.batch))
    lengths = []
    for strength in (0.0, 0.3):
        state = init_state(setup.game, jax.random.key(0), setup.knobs)

        def noisy(path, leaf, strength=strength):
            is_strength = path[-1].key == "noise_strength"
            return jnp.full_like(leaf, strength) if is_strength else leaf

        state = state.replace(
            params=jax.tree_util.tree_map_with_path(noisy, state.params),
            ema=jax.tree_util.tree_map_with_path(noisy, state.ema),
        )
        evaluation_data = EvaluationData(
            setup.sampler, setup.source, samples=64, seed=0
        )
        ((_, length),) = EVALUATORS["paths"](evaluation_data).run(setup.model(state))
        lengths.append(length)
        _, metrics = step(state, setup.feed.data)
        assert abs(metrics["generator/latent_diversity"][0]) < 1e-5
    assert lengths[1] == pytest.approx(lengths[0], rel=1.0)


def test_standing_statistics_are_of_every_class():
    """A normalisation sees 64 batches of 64 labels, in the order 0 to 4095. Its running
    average has momentum 0.9, so the last batches weigh most."""
    sampler = of_labels(4096, lambda apply, x: apply("norm", x))
    norm = nn.BatchNorm(use_running_average=None, momentum=0.9, axis_name="data")

    class Norm:
        def apply(self, variables, x, *, train, mutable):
            return norm.apply(
                variables, x, use_running_average=not train, mutable=mutable
            )

    variables = norm.init(jax.random.key(0), jnp.zeros((2, 1)), False)
    game = Game({"norm": Network(Norm(), ())}, players=())
    after = standing_statistics(game, sampler, {"norm": variables}, jax.random.key(0))
    means = 64 * np.arange(64) + 31.5
    expected = np.sum(0.1 * 0.9 ** np.arange(63, -1, -1) * means)
    found = after["norm"]["batch_stats"]["mean"]
    np.testing.assert_allclose(found, [expected], rtol=1e-4)


def test_held_out_is_a_seeded_choice():
    test = open_source("digits").test
    data, label = held_out(test, 50, seed=3)
    again, _ = held_out(test, 50, seed=3)
    np.testing.assert_array_equal(data, again)
    assert data.shape == (50, 8, 8, 1) and data.min() == -1 and data.max() == 1
    originals = {x.tobytes(): y for x, y in zip(test.data, test.label, strict=True)}
    pixels = np.rint((data + 1) * 127.5).astype(np.uint8)
    assert all(originals[x.tobytes()] == y for x, y in zip(pixels, label, strict=True))
    everything, _ = held_out(test, 10_000, seed=0)
    assert len(everything) == len(test)


def evaluator_of(name, samples, source):
    """Scores of the given samples by the evaluator ``name``."""
    setup = tiny.setup("gan")
    sampler = Sampler(generate=lambda apply, keys: samples[: keys.shape[0]])
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    evaluation_data = EvaluationData(sampler, source, samples=len(samples), seed=0)
    return dict(
        EVALUATORS[name](evaluation_data).run(Model(setup.game, sampler, state))
    )


def test_pixels_of_the_training_digits_themselves():
    """250 real training digits are as good as samples can be. Their Fréchet distance is
    near its floor, and they have every class. Coverage counts held-out digits that are
    closer to a sample than to their fifth neighbour among held-out digits."""
    source = open_source("digits")
    real, labels = held_out(source.train, 250, seed=5)
    scores = evaluator_of("pixels", real, source)
    assert scores["classes_found"] == 10
    share = np.bincount(labels, minlength=10).min() / 250
    assert scores["smallest_class_share"] == pytest.approx(share, abs=0.02)
    assert scores["coverage"] > 0.5
    assert scores["frechet_pixels"] < 3 * scores["frechet_pixels_floor"]


def test_pixels_of_one_repeated_digit():
    source = open_source("digits")
    real, _ = held_out(source.train, 1, seed=5)
    scores = evaluator_of("pixels", np.repeat(real, 250, axis=0), source)
    assert scores["classes_found"] == 1
    assert scores["smallest_class_share"] == 0
    assert scores["coverage"] < 0.05
    assert scores["frechet_pixels"] > 10 * scores["frechet_pixels_floor"]


def test_modes_of_the_data_itself():
    source = open_source("ring8")
    points, _ = held_out(source.train, 250, seed=1)
    scores = evaluator_of("modes", points, source)
    assert scores["modes"] == 8
    # A 2-D Gaussian has 1 − exp(−9/2) = 98.889 % within 3σ.
    assert scores["high_quality"] == pytest.approx(0.98889, abs=0.03)


def test_modes_need_a_mixture():
    setup = tiny.setup("gan")
    evaluation_data = EvaluationData(
        setup.sampler, open_source("digits"), samples=100, seed=0
    )
    with pytest.raises(BadInput, match="evaluation.names='modes'.*digits"):
        Evaluation(evaluation_data, ["modes"], setup.model)


def test_key_of_evaluation_is_not_that_of_training():
    keys = [
        child_key(jax.random.key(0), name) for name in ("evaluation", "step", "data")
    ]
    data = {tuple(np.asarray(jax.random.key_data(key))) for key in keys}
    assert len(data) == 3


def test_held_out_decodes_only_what_it_takes():
    class Counting:
        reads = 0

        def __len__(self):
            return 100

        def __getitem__(self, i):
            Counting.reads += 1
            return {"data": np.full((2, 2, 1), i, np.uint8), "label": i}

    data, label = held_out(Counting(), 10, seed=0)
    assert Counting.reads < 20 and len(np.unique(label)) == 10
    np.testing.assert_allclose((data[:, 0, 0, 0] + 1) * 127.5, label, atol=1e-3)
    assert isinstance(open_source("digits").train, Arrays)
