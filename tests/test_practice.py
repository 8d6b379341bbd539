"""Training practice: averages, accumulation, clipping, freezing, adaptation."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ganjax.augment import adapt
from ganjax.build import build
from ganjax.config import resolve
from ganjax.core import View, compile_step, init_state, make_train_step
from ganjax.errors import BadInput
from ganjax.objectives import LOSSES, Adversary
from ganjax.objectives.weighed import Adaptation
from ganjax.optimizers import accumulated, clip_gradients, frozen
from tests import tiny
from tests.parameters import initialised


def test_a_half_life_in_thousands_of_images():
    """With 64 images per step and a half-life of 0.64 thousand images, ten steps halve
    the weight. At first ``ramp`` limits the half-life to a tenth of the images seen."""
    setup = build(
        resolve(
            {
                **tiny.GAMES["gan"],
                "ema": {"half_life": 0.64, "ramp": 0.1},
            }
        )
    )
    knobs = {name: jnp.asarray(value) for name, value in setup.knobs.items()}
    decay = setup.game.ema_decay(knobs, jnp.array(10**6))
    np.testing.assert_allclose(decay**10, 0.5, rtol=1e-5)
    # Before step 21, 1,280 images were seen, so the half-life is 128 images.
    early = setup.game.ema_decay(knobs, jnp.array(20))
    np.testing.assert_allclose(early**2, 0.5, rtol=1e-5)
    # Before the first step no image was seen, so the average becomes a copy.
    assert setup.game.ema_decay(knobs, jnp.array(0)) == 0


@pytest.mark.parametrize("half_life", [0.0, 0.64])
def test_an_average_is_a_copy_until_it_begins(half_life):
    """The update that begins the average is counted from 1, so the updates 1 to 99
    copy. Then the decay holds from the first update on, without a smaller one."""
    options = {"decay": 0.9999, "half_life": half_life, "ramp": 0.0, "begin": 100}
    setup = build(resolve({**tiny.GAMES["gan"], "ema": options}))
    knobs = {name: jnp.asarray(value) for name, value in setup.knobs.items()}
    decays = [float(setup.game.ema_decay(knobs, jnp.array(i))) for i in (0, 98, 99)]
    held = 0.5**0.1 if half_life else 0.9999
    np.testing.assert_allclose(decays, [0, 0, held], rtol=1e-6)


def test_accumulated_gradients_are_those_of_one_large_batch():
    optimizer = accumulated(optax.sgd(0.1), 3)
    params = jnp.array([1.0, 2.0])
    state = optimizer.init(params)
    for gradient in ([3.0, 0.0], [0.0, 6.0], [3.0, 3.0]):
        updates, state = optimizer.update(jnp.array(gradient), state, params)
        params = optax.apply_updates(params, updates)
    np.testing.assert_allclose(params, [1 - 0.1 * 2, 2 - 0.1 * 3], rtol=1e-6)


def test_a_gradient_is_no_longer_than_its_bound():
    optimizer = clip_gradients(optax.sgd(1.0), 1.0)
    long, short = jnp.array([3.0, 4.0]), jnp.array([0.3, 0.4])
    update, _ = optimizer.update(long, optimizer.init(long))
    np.testing.assert_allclose(update, [-0.6, -0.8], rtol=1e-5)
    update, _ = optimizer.update(short, optimizer.init(short))
    np.testing.assert_allclose(update, [-0.3, -0.4], rtol=1e-5)


def test_frozen_layers_stay():
    params = {"net": {"a": {"kernel": jnp.ones(2)}, "ab": {"kernel": jnp.ones(2)}}}
    optimizer = frozen(optax.sgd(1.0), ("net/a",))
    update, _ = optimizer.update(params, optimizer.init(params), params)
    np.testing.assert_array_equal(update["net"]["a"]["kernel"], [0, 0])
    np.testing.assert_array_equal(update["net"]["ab"]["kernel"], [-1, -1])
    with pytest.raises(BadInput, match="frozen='net/b'"):
        frozen(optax.sgd(1.0), ("net/b",)).init(params)


class Line:
    """A view of a critic whose logit is the sample itself."""

    knobs = {"top_k": jnp.asarray(0.5)}
    memory = {}

    def update(self, network, x):
        return x, self

    def gather(self, x):
        return x

    share = gather


def test_the_generator_learns_from_the_best_samples_alone():
    """The better half of 0, 3, −2, 1 has the loss −log σ. 0 and −2 have no gradient."""
    adversary = Adversary(LOSSES["non_saturating"], top_k="top_k")

    def loss(x):
        return adversary.generator_loss(Line(), "generator", "critic", x)[0]

    x = jnp.array([0.0, 3.0, -2.0, 1.0])
    expected = (np.log1p(np.exp(-3)) + np.log1p(np.exp(-1))) / 2
    np.testing.assert_allclose(loss(x), expected, rtol=1e-5)
    np.testing.assert_array_equal(jax.grad(loss)(x) != 0, [False, True, False, True])


def steps(stated, count):
    setup = build(resolve(stated))
    step = compile_step(make_train_step(setup.game, batch=setup.feed.batch))
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    for _ in range(count):
        state, metrics = step(state, setup.feed.data)
    return setup, state, metrics


@pytest.mark.parametrize(("target", "grows"), [(-0.99, True), (0.99, False)])
def test_augmentation_grows_where_the_critic_is_too_sure(target, grows):
    """8 images per step and 0.04 thousand images from 0 to 1 give a fifth per step. The
    probability rises if the mean sign of real logits is above the target. It falls, at
    least to 0, if the mean sign is below."""
    stated = {
        "data": {"name": "digits"},
        "batch_size": 8,
        "latents": {"size": 4},
        "networks": {"generator": {"widths": (8,)}, "discriminator": {"widths": (8,)}},
        "augmentation": {
            "names": ("flip",), "adaptive": True, "target": target, "speed": 0.04,
            "interval": 1,
        },
    }  # fmt: skip
    _, state, metrics = steps(stated, 2)
    probability = float(state.memory["augmentation/discriminator"])
    np.testing.assert_allclose(probability, 0.4 if grows else 0, atol=1e-6)
    np.testing.assert_allclose(metrics["discriminator/augmentation"], probability)


def test_augmentation_follows_the_mean_sign_of_several_updates():
    """With an interval of 3, the mean of the signs 1, 1 and −0.5 is 0.5. It is below
    the target 0.6, so the third update lowers the probability, by 3 times 8 images of
    400. Then the sum begins again at 0."""
    adaptation = Adaptation(adapt, 3)
    knobs = {"augmentation.target": 0.6, "augmentation.speed": 0.4}
    memory = {**adaptation.memory("critic"), "augmentation/critic": jnp.array(0.5)}
    logits = [[2.0] * 4, [0.1] * 4, [-3.0, -1.0, -0.2, 5.0], [1.0] * 4]

    def update(memory, logits):
        view = View(
            networks={}, axis="data", params={}, variables={}, memory=memory,
            knobs=knobs, batch=None, key=jax.random.key(0), step=jnp.array(0),
        )  # fmt: skip
        old = memory["augmentation/critic"]
        after, moved = adaptation(view, "critic", old, logits, 8)
        return after.memory, moved

    found = []
    for row in logits:
        memory, moved = jax.vmap(update, (None, None), axis_name="data", axis_size=1)(
            memory, jnp.array(row)
        )
        memory = jax.tree.map(lambda x: x[0], memory)
        found.append(float(moved[0]))
    np.testing.assert_allclose(found, [0.5, 0.5, 0.44, 0.44], rtol=1e-6)
    held = {name: float(x) for name, x in memory["signs/critic"].items()}
    assert held == {"sum": 1.0, "updates": 1.0}


@pytest.mark.parametrize("known", [False, True])
def test_a_penalty_with_a_separate_update(known):
    """The lazy penalty of step 2 moves the critic after the loss has moved it, by plain
    descent on 2 · 0.3 · ½E‖∇D(x)‖². Without a penalty the first update is the same.
    ``known`` says whether the host knows which terms are due."""
    rate, weight = 0.1, 0.3
    stated = {
        "data": {"name": "ring8"},
        "batch_size": 8,
        "latents": {"size": 4},
        "networks": {"generator": {"widths": (8,)}, "discriminator": {"widths": (8,)}},
        "optimizers": {
            "discriminator": {"name": "sgd", "learning_rate": rate, "b1": 0.0}
        },
    }
    penalty = {"weight": weight, "interval": 2, "apart": True}
    real = jax.random.normal(jax.random.key(1), (8, 2))

    def after(stated, count):
        setup = build(resolve(stated))
        step = make_train_step(
            setup.game, batch=lambda *_: {"data": jnp.stack([real] * setup.game.rounds)}
        )
        state = init_state(setup.game, jax.random.key(0), setup.knobs)
        step = compile_step(step, intervals=setup.game.intervals if known else ())
        for _ in range(count):
            state, metrics = step(state, setup.feed.data)
        return setup.game, state, metrics

    both = {**stated, "regularizers": {"r1": penalty}}
    for count in (1, 2):
        game, plain, _ = after(stated, count)
        _, found, metrics = after(both, count)
        params = plain.params["discriminator"]

        def r1(params, game=game):
            def judge(x):
                given = {"params": params}
                return game.networks["discriminator"].module.apply(given, x, train=True)

            slopes = jax.vmap(jax.grad(lambda x: judge(x[None])[0]))(real)
            return 0.5 * jnp.mean(jnp.sum(slopes**2, 1))

        due = count == 2
        size = due * rate * 2 * weight
        slope = jax.tree.map(lambda g, size=size: size * g, jax.grad(r1)(params))
        moved = jax.tree.map(jnp.subtract, params, slope)
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7),
            found.params["discriminator"], moved,
        )  # fmt: skip
        value = metrics["discriminator/r1"][0]
        np.testing.assert_allclose(value, due * r1(params), rtol=1e-5)


def test_a_pseudo_real_sample_is_not_compared_with_itself():
    """A pair of a sample with itself would cost ln 2 for every critic. Other pairs cost
    more, because the loss is convex and the differences have mean 0."""
    stated = {
        "data": {"name": "ring8"},
        "batch_size": 8,
        "latents": {"size": 4},
        "networks": {"generator": {"widths": (8,)}, "discriminator": {"widths": (8,)}},
        "loss": {"name": "relativistic_pairing"},
        "augmentation": {"pseudo": True, "probability": 1.0},
    }
    _, _, metrics = steps(stated, 1)
    assert metrics["discriminator/loss"][0] > np.log(2) + 1e-5
    assert metrics["discriminator/gradient_norm"][0] > 1e-3


@pytest.mark.parametrize("name", ["r3gan", "stylegan2"])
def test_both_players_learn_their_own_embeddings_of_a_label(name):
    options = {
        "r3gan": {"width": 8, "group": 4, "blocks": 1},
        "stylegan2": {"channel_base": 1024, "channel_max": 8},
    }[name]
    stated = {
        "game": "conditional_gan",
        "data": {"name": "digits", "mirror": True},
        "batch_size": 8,
        "latents": {"size": 4},
        "networks": {
            player: {"name": name, **options}
            for player in ("generator", "discriminator")
        },
        "conditioning": {"generator": "embedding", "discriminator": "projection"},
    }
    game = build(resolve(stated)).game
    keys = iter(jax.random.split(jax.random.key(0), 20))
    for player in game.players:
        (owned,) = player.owns
        network = game.networks[owned]
        inputs = [
            jnp.arange(8) % 10 if x.dtype == jnp.int32
            else jax.random.normal(next(keys), (8, *x.shape[1:]))
            for x in network.inputs
        ]  # fmt: skip
        variables = initialised(network.module, next(keys), *inputs)

        def loudness(params, network=network, inputs=inputs, rest=variables):
            out = network({**rest, "params": params}, *inputs)
            return sum((leaf**2).sum() for leaf in jax.tree.leaves(out))

        slopes = jax.jit(jax.grad(loudness))(variables["params"])
        own = {
            jax.tree_util.keystr(path): leaf
            for path, leaf in jax.tree_util.tree_leaves_with_path(slopes)
            if "label_embedding" in jax.tree_util.keystr(path)
        }
        assert own and all((leaf != 0).any() for leaf in own.values())


def test_standing_statistics_are_those_of_the_samples():
    """The first layer's mean over latents is 0, even if the running mean is wrong."""
    stated = {
        **tiny.GAMES["gan"],
        "batch_size": 8,
        "sampling": {"statistics": "standing"},
    }
    setup, state, _ = steps(stated, 1)
    wrong = jax.tree.map(lambda x: x + 3.0, state.ema["generator"]["batch_stats"])
    ema = {"generator": {**state.ema["generator"], "batch_stats": wrong}}
    key = jax.random.key(1)
    right = setup.model(state).sample(key, 200)
    found = setup.model(state.replace(ema=ema)).sample(key, 200)
    np.testing.assert_allclose(found, right, rtol=0.02, atol=0.02)
