"""One finished model: averages, standing statistics, truncation, devices, abilities."""

import dataclasses
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.core import Game, Network, init_state
from ganjax.errors import Uncomputable
from ganjax.evaluation import EVALUATORS, EvaluationData
from ganjax.evaluation.protocol import protocol_of
from ganjax.metrics.features import Extractor
from ganjax.model import Model, Sampler, Sampling
from ganjax.networks.stylegan2 import Generator
from tests import tiny

STANDING = Sampling(statistics="standing")


@pytest.fixture(scope="module")
def wrong():
    """A batch-normalised generator. Its averaged statistics do not fit its samples."""
    setup = tiny.setup("convolutional")
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    generator = state.ema["generator"]
    moved = jax.tree.map(lambda x: x + 3.0, generator["batch_stats"])
    large = jax.tree.map(lambda x: 5.0 * x, generator["params"])
    ema = {"generator": {**generator, "batch_stats": moved, "params": large}}
    return setup, state.replace(ema=ema)


def model_of(wrong, sampling=Sampling()):  # noqa: B008
    setup, state = wrong
    return Model(setup.game, setup.sampler, state, sampling)


def sure():
    """An extractor with two classes: the upper or the lower half is brighter."""

    def see(images):
        above, below = (
            half.reshape(len(images), -1).mean(1)
            for half in np.split(images.astype(np.float32), 2, axis=1)
        )
        p = 1 / (1 + np.exp((below - above) / 8))
        return np.stack([above, below], 1), np.stack([p, 1 - p], 1)

    return Extractor(name="halves", width=2, digest="0", resize="none", see=see)


@pytest.mark.parametrize("name", ["inversion", "interpolations", "paths", "frechet"])
def test_every_score_is_of_the_standing_statistics(wrong, name, monkeypatch, tmp_path):
    """A model with standing statistics has the same scores as a state whose averages
    are these statistics. The state's original averages give other scores."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    setup, state = wrong
    model = model_of(wrong, STANDING)
    evaluation_data = EvaluationData(
        setup.sampler, setup.source, STANDING, samples=100, seed=0, real=100,
        extractor=sure(),
    )  # fmt: skip

    def scores(model):
        found = dict(EVALUATORS[name](evaluation_data).run(model))
        return {x: v for x, v in found.items() if not re.search("floor|nearest", x)}

    had = state.replace(ema={"generator": model.variables["generator"]})
    found = scores(model)
    assert found == scores(Model(setup.game, setup.sampler, had))
    averaged = scores(model_of(wrong))
    assert all(found[x] != pytest.approx(averaged[x], rel=1e-3) for x in found)


def test_standing_statistics_are_of_the_states_own_key(wrong):
    setup, state = wrong
    z = np.asarray(model_of(wrong).latents(jax.random.key(3), 5))
    first, again = (model_of(wrong, STANDING).decode(z) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = state.replace(key=jax.random.key(9))
    assert (Model(setup.game, setup.sampler, other, STANDING).decode(z) != first).any()


def test_a_model_runs_on_the_first_device_of_its_state(wrong):
    """If the state is on another device, its random key is on that device as well."""
    setup, state = wrong
    there = jax.device_put(state, jax.devices()[2])
    model = Model(setup.game, setup.sampler, there, STANDING)
    expected = model_of(wrong, STANDING).sample(0, 3)
    np.testing.assert_allclose(model.sample(0, 3), expected, atol=1e-6)
    assert jax.tree.leaves(model.variables)[0].devices() == {jax.devices()[2]}
    both = jax.sharding.NamedSharding(
        jax.sharding.Mesh(np.array(jax.devices()[1:3]), "data"),
        jax.sharding.PartitionSpec(),
    )
    model = Model(setup.game, setup.sampler, jax.device_put(state, both), STANDING)
    np.testing.assert_allclose(model.sample(0, 3), expected, atol=1e-6)
    assert jax.tree.leaves(model.variables)[0].devices() == {jax.devices()[1]}


def test_truncation_bounds_normal_latents(wrong):
    model = model_of(wrong, Sampling(truncation=0.5))
    z = model.latents(jax.random.key(0), 1000)
    assert 0.45 < np.abs(z).max() <= 0.5
    np.testing.assert_allclose(
        model.sample(0, 1000)[:9], model.decode(np.asarray(z[:9])), atol=1e-6
    )
    # Models of the same truncation share their programs.
    assert model_of(wrong, Sampling(truncation=0.5)).sampler is model.sampler


def test_truncation_is_of_styles_where_there_are_some():
    module = Generator((8, 8, 1), intermediate=8, channel_base=1024, channel_max=8)
    game = Game({"generator": Network(module, ())}, players=())
    sampler = Sampler(lambda keys, truncation=0.0: pytest.fail("drawn"))
    model = Model(game, sampler, None, Sampling(truncation=0.7))
    assert model.game.networks["generator"].module.truncation == 0.7
    assert model.sampler is sampler
    assert Model(game, sampler, None).game is game


@dataclasses.dataclass(frozen=True)
class State:
    """The state of a game without networks."""

    params = variables = ema = {}


def simple(**fields):
    return Model(Game({}, players=()), Sampler(**fields), State())


def test_abilities_are_methods():
    model = simple(abilities={"encode": lambda apply, x: 2 * x, "sample": None})
    x = np.arange(600, dtype=np.float32)[:, None]  # more than two chunks
    np.testing.assert_array_equal(model.encode(x), 2 * x)
    np.testing.assert_array_equal(model.ask("encode", x), 2 * x)
    assert hasattr(model, "encode") and not hasattr(model, "reconstruct")
    with pytest.raises(AttributeError, match="'restore'; this model has encode"):
        model.ask("restore", x)
    with pytest.raises(TypeError, match="no 'critic'"):
        model.score(x)
    with pytest.raises(TypeError, match="no 'decode'"):
        model.decode(x)


@pytest.mark.parametrize("sampling", [Sampling(), STANDING])
def test_a_model_of_bfloat16_training_computes_in_single_precision(wrong, sampling):
    """The samples, scores and path lengths of a game that trains in bfloat16 are those
    of the same weights in a float32 game. Rounding to 8 bits changes a path of length
    1e-4 by more than the step itself."""
    setup, state = wrong
    half = tiny.setup("convolutional", precision="bfloat16")
    single, rounded = (
        Model(made.game, made.sampler, state, sampling) for made in (setup, half)
    )
    assert half.game.networks["generator"].module.dtype == jnp.bfloat16
    np.testing.assert_array_equal(rounded.sample(0, 20), single.sample(0, 20))
    x = single.sample(1, 20)
    np.testing.assert_array_equal(rounded.score(x), single.score(x))
    evaluation_data = EvaluationData(
        half.sampler, half.source, sampling, samples=100, seed=0
    )
    ((_, found),), ((_, expected),) = (
        EVALUATORS["paths"](evaluation_data).run(model) for model in (rounded, single)
    )
    assert found == expected
    assert protocol_of(evaluation_data, 1)["precision"] == "float32"


def test_models_of_one_game_share_their_single_precise_networks():
    """They are keys of compiled programs. A game of float32 networks is not changed."""
    half, single = (
        tiny.setup("gan", precision=precision) for precision in ("bfloat16", "float32")
    )
    first, again = (Model(half.game, half.sampler, State()) for _ in range(2))
    assert first.game is again.game and first.game is not half.game
    assert first.game.players is half.game.players
    assert Model(single.game, single.sampler, State()).game is single.game


def test_products_of_a_model_are_not_rounded_on_a_tensor_core(wrong):
    """XLA may round the factors of a float32 product unless the program states its
    precision. The program of a model does."""
    model = model_of(wrong)

    def lowered(function):
        return jax.jit(function).lower(jnp.ones((2, 4))).as_text()

    text = lowered(lambda z: model.apply("generator", z))
    products = re.findall(r"stablehlo\.(?:dot_general|convolution).*", text)
    assert products and all("HIGHEST" in product for product in products)


def test_an_error_inside_of_a_model_is_shown():
    model = Model(Game({}, players=()), Sampler(), object())
    with pytest.raises(AttributeError, match="'object' has no attribute 'ema'|'ema'"):
        _ = model.variables


@pytest.mark.parametrize("pack", [1, 2, 7])
@pytest.mark.parametrize("count", [100, 101, 250, 500])
def test_a_critic_scores_every_full_pack(pack, count):
    """The score of pack i is the mean of the numbers p·i to p·i + p − 1."""
    model = simple(
        critic=lambda apply, x, label: x.reshape(-1, pack).mean(1), packing=pack
    )
    x = np.arange(count, dtype=np.float32)[:, None]
    expected = np.arange(count // pack) * pack + (pack - 1) / 2
    np.testing.assert_allclose(model.score(x), expected)


@pytest.mark.parametrize("count", [4, 100, 101, 102, 250, 503])
def test_a_critic_that_compares_samples_sees_groups_as_large_as_in_training(count):
    """The critic adds the size of its batch, 4 as in training, also for the samples
    that remain after the last group of 4. No sample is left out."""
    model = simple(critic=lambda apply, x, label: x[:, 0] + len(x), compared=4)
    x = np.arange(count, dtype=np.float32)[:, None]
    np.testing.assert_array_equal(model.score(x), np.arange(count) + 4)
    with pytest.raises(Uncomputable, match="3 samples, expected at least 4"):
        model.score(x[:3])


def test_labels_and_packs_stay_together_in_groups():
    """Packs of 3 in groups of 2: 20 samples are 6 packs, 3 groups."""

    def critic(apply, x, label):
        assert x.shape == (6, 1)
        return (100 * label + x[:, 0]).reshape(-1, 3).sum(1)

    model = simple(critic=critic, packing=3, compared=2)
    x, label = np.arange(20.0, dtype=np.float32)[:, None], np.arange(20) % 7
    expected = (100 * label[:18] + np.arange(18)).reshape(-1, 3).sum(1)
    np.testing.assert_array_equal(model.score(x, label), expected)


@pytest.mark.parametrize(
    ("discriminator", "group"),
    [
        ({"widths": (4,), "minibatch_discrimination": 3}, 8),
        pytest.param(
            {"name": "stylegan2", "channel_base": 1024, "channel_max": 4},
            4,
            marks=pytest.mark.full,
        ),
        pytest.param({"widths": (4,)}, 1, marks=pytest.mark.full),
    ],
)
def test_a_score_depends_on_its_group_alone(discriminator, group):
    """The batch has 8 samples. Minibatch deviation compares 4 of them, minibatch
    discrimination all 8. Of 17 samples, the last is in the group that ends with it."""
    networks = {"generator": {"widths": (4,)}, "discriminator": discriminator}
    stated = {**tiny.GAMES["convolutional"], "networks": networks, "batch_size": 8}
    setup = build(resolve(stated))
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    model = setup.model(state)
    assert setup.sampler.compared == group
    x = np.random.default_rng(0).uniform(-1, 1, (17, 8, 8, 1)).astype(np.float32)
    scores = model.score(x)
    np.testing.assert_allclose(model.score(x[:16]), scores[:16], rtol=1e-5, atol=1e-6)
    x[9] *= -1
    moved = np.flatnonzero(np.abs(model.score(x) - scores) > 1e-6)
    last = {16} if 17 - group <= 9 else set()
    first = 9 // group * group
    assert set(moved) == {*range(first, first + group), *last}


def test_a_function_is_compiled_once_for_all_states(wrong):
    setup, state = wrong
    traced = []

    def mean(apply, z):
        traced.append(z.shape)
        return jnp.mean(apply("generator", z))

    z = jnp.ones((3, 4))
    first = model_of(wrong).compute(mean, z)
    other = init_state(setup.game, jax.random.key(1), setup.knobs)
    assert setup.model(other).compute(mean, z) != first
    assert traced == [(3, 4)]
