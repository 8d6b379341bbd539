"""Losses of CycleGAN's players, calculated by hand, and the image pool.

The translation from a to b doubles, and the translation from b to a triples. The
critics' logits are −5x in domain a and 7x in domain b. For a = 1 and b = 10 the
translations are 2 and 30, and the cycles end at 6 and 60.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.command_line import load_config
from ganjax.config import resolve
from ganjax.games.cyclegan import POOL_SIZE, _chances, _exchange, cyclegan
from tests.games.by_hand import game, paid

BATCH = {"a": [[1.0]], "b": [[10.0]]}


def made(loss="wasserstein"):
    functions = {
        "a_to_b": lambda x: 2 * x,
        "b_to_a": lambda x: 3 * x,
        "critic_a": lambda x: -5 * x[:, 0],
        "critic_b": lambda x: 7 * x[:, 0],
    }
    return game(cyclegan, functions, loss=loss)


@pytest.mark.parametrize("cycle", [0.0, 100.0])
@pytest.mark.parametrize("identity", [0.0, 1000.0])
def test_generators_pay_three_terms_by_their_weights(cycle, identity):
    """The adversarial term is −7·2 + 5·30, the cycle term |6 − 1| + |60 − 10|, and the
    identity term |20 − 10| + |3 − 1|."""
    knobs = {"weights.cycle": cycle, "weights.identity": identity}
    loss, metrics, _ = paid(made(), "generators", BATCH, knobs=knobs)
    np.testing.assert_allclose(loss, 136 + cycle * 55 + identity * 12, rtol=1e-6)
    terms = [float(metrics[name]) for name in ("adversarial", "cycle", "identity")]
    np.testing.assert_allclose(terms, [136, 55, 12], rtol=1e-6)


def test_the_published_weights_belong_to_squares_without_a_half():
    """The generators pay (14 − 1)² + (−150 − 1)², and a critic half its squares."""
    game = made("least_squares_unhalved")
    knobs = {"weights.cycle": 10.0, "weights.identity": 5.0}
    loss, _, _ = paid(game, "generators", BATCH, knobs=knobs)
    np.testing.assert_allclose(loss, 13**2 + 151**2 + 10 * 55 + 5 * 12, rtol=1e-6)
    loss, _, _ = paid(game, "critic_b", BATCH)
    np.testing.assert_allclose(loss, (69**2 + 14**2) / 2, rtol=1e-6)


@pytest.mark.parametrize("name", ["cyclegan_mnist", "cyclegan_rings"])
def test_shipped_configs_use_the_losses_and_the_order_of_the_authors(name):
    config = resolve(load_config(name))
    assert config.loss.name == "least_squares_unhalved"
    assert config.dynamics.name == "simultaneous"
    assert config.weights.cycle == 10


def test_a_translation_is_compared_with_real_ones_of_its_own_domain():
    """The relativistic loss is log(1 + exp(real − fake)). The differences real − fake
    are 70 − 14 in b and −5 + 150 in a."""
    knobs = {"weights.cycle": 0.0, "weights.identity": 0.0}
    loss, _, _ = paid(made("relativistic_pairing"), "generators", BATCH, knobs=knobs)
    np.testing.assert_allclose(loss, 56 + 145, rtol=1e-6)


@pytest.mark.parametrize(
    ("domain", "made_here", "real_logit", "fake_logit"),
    [("a", 30, -5, -150), ("b", 2, 70, 14)],
)
def test_a_critic_judges_its_domain_and_fills_its_own_pool(
    domain, made_here, real_logit, fake_logit
):
    loss, metrics, memory = paid(made(), f"critic_{domain}", BATCH)
    np.testing.assert_allclose(loss, fake_logit - real_logit, rtol=1e-6)
    assert (metrics["real_logit"], metrics["fake_logit"]) == (real_logit, fake_logit)
    assert set(memory) == {f"pool_{domain}"}
    pool = memory[f"pool_{domain}"]
    assert pool["filled"] == 1
    expected = np.zeros((POOL_SIZE, 1))
    expected[0] = made_here
    np.testing.assert_array_equal(pool["images"], expected)


def test_a_critic_sees_what_the_pool_gave_out():
    """The pool is full of the value 99, and 40 translations are 30. The sum over images
    that the critic saw and images in the pool does not change. The pool of the other
    critic, with the value 1000, is not used."""
    batch = {"a": np.ones((40, 1), np.float32), "b": np.full((40, 1), 10, np.float32)}
    pools = {
        name: {"images": jnp.full((POOL_SIZE, 1), x), "filled": jnp.array(POOL_SIZE)}
        for name, x in (("pool_a", 99.0), ("pool_b", 1000.0))
    }
    _, metrics, memory = paid(made(), "critic_a", batch, memory=pools)
    seen = metrics["fake_logit"] / -5 * 40
    held = memory["pool_a"]["images"].sum()
    np.testing.assert_allclose(seen + held, 99 * POOL_SIZE + 30 * 40, rtol=1e-5)
    assert seen > 30 * 40


# --- The pool ------------------------------------------------------------------------


@jax.jit
def exchange(pool, images, key):
    keys = jax.random.split(key, images.shape[0])
    return _exchange(pool, images, *_chances(keys))


def test_recorded_draws_decide_the_swaps():
    """Image 1 is shown. Image 2 is swapped with slot 7, and image 3 with the same slot,
    where image 2 is now."""
    swaps, slots = jnp.array([False, True, True]), jnp.array([5, 7, 7])
    after, shown = _exchange(pool(POOL_SIZE), numbered(3), swaps, slots)
    np.testing.assert_array_equal(shown[:, 0], [1, -8, 2])
    expected = -1.0 - np.arange(POOL_SIZE)
    expected[7] = 3
    np.testing.assert_array_equal(after["images"][:, 0], expected)


def pool(filled):
    """A pool that holds −1, −2, … in its first ``filled`` slots."""
    images = np.zeros((POOL_SIZE, 1), np.float32)
    images[:filled, 0] = -1.0 - np.arange(filled)
    return {"images": jnp.asarray(images), "filled": jnp.asarray(filled)}


def numbered(n):
    return jnp.arange(1.0, n + 1)[:, None]


def test_an_unfull_pool_fills_in_order_and_shows_what_came():
    after, shown = exchange(pool(30), numbered(20), jax.random.key(0))
    np.testing.assert_array_equal(shown, numbered(20))
    assert after["filled"] == POOL_SIZE
    expected = [*range(-1, -31, -1), *range(1, 21)]
    np.testing.assert_array_equal(after["images"][:, 0], expected)


def test_the_pool_begins_to_exchange_when_it_is_full():
    after, shown = exchange(pool(POOL_SIZE - 5), numbered(40), jax.random.key(0))
    np.testing.assert_array_equal(shown[:5], numbered(5))
    assert (shown[5:] != numbered(40)[5:]).any()
    assert after["filled"] == POOL_SIZE


def test_a_full_pool_swaps_about_half_and_loses_nothing():
    """The share of 1,000 coin flips is within five standard deviations of 0.5. A
    standard deviation is √(0.25 / 1000)."""
    before, images = pool(POOL_SIZE), numbered(1000)
    after, shown = exchange(before, images, jax.random.key(0))
    swapped = np.asarray(shown != images).mean()
    assert abs(swapped - 0.5) < 5 * np.sqrt(0.25 / 1000)
    there_were = np.concatenate([before["images"], images])
    there_are = np.concatenate([after["images"], shown])
    np.testing.assert_array_equal(np.sort(there_are, 0), np.sort(there_were, 0))


def test_a_swap_shows_the_stored_image_and_keeps_the_new_one_in_its_slot():
    before = pool(POOL_SIZE)
    keys = jax.random.split(jax.random.key(0), 400)
    after, shown = jax.vmap(exchange, (None, None, 0))(before, numbered(1), keys)
    slots = set()
    for images, image in zip(
        np.asarray(after["images"][..., 0]), np.asarray(shown[:, 0, 0]), strict=True
    ):
        expected = np.array(before["images"][:, 0])
        if image != 1:  # a stored image: −1 is in slot 0, −2 in slot 1
            slots.add(int(-image) - 1)
            expected[int(-image) - 1] = 1
        np.testing.assert_array_equal(images, expected)
    # About 200 swaps miss a given one of the 50 slots with probability 0.018.
    assert len(slots) > POOL_SIZE - 10
