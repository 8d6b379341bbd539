"""The language model: its likelihood, its draws, and their gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.networks.latent_keys import keys_of
from ganjax.networks.lstm import WordDiscriminator, WordGenerator

WORDS, LENGTH = 4, 3


@pytest.fixture(scope="module")
def model():
    module = WordGenerator((LENGTH,), WORDS, width=5)
    z = jax.random.normal(jax.random.key(0), (20_000, 2))
    variables = module.init(jax.random.key(1), z[:1], train=True)
    larger = jax.tree.map(lambda x: 4 * x, variables)
    return module, larger, z


def log_likelihood(module, variables, tokens):
    logits = module.apply(variables, tokens, train=False, method="logits")
    found = jax.nn.log_softmax(logits)
    return jnp.take_along_axis(found, tokens[..., None], -1)[..., 0].sum(-1)


def test_draws_have_the_probability_of_the_likelihood(model):
    """Shares of the 64 sentences in 20,000 draws, within 4.5 standard deviations."""
    module, variables, z = model
    tokens = module.apply(variables, z, train=False).argmax(-1)
    code = np.asarray(tokens) @ [16, 4, 1]
    every = np.stack(np.unravel_index(np.arange(64), (4, 4, 4)), 1)
    share = np.bincount(code, minlength=64) / len(z)
    wanted = np.exp(log_likelihood(module, variables, jnp.asarray(every)))
    assert abs(wanted.sum() - 1) < 1e-5 and wanted.max() > 3 * wanted.min()
    spread = np.sqrt(wanted * (1 - wanted) / len(z))
    assert (np.abs(share - wanted) <= 4.5 * spread).all()


def test_a_temperature_divides_the_logits(model):
    """The first word is drawn from softmax(logits / T)."""
    module, variables, z = model
    sharp = module.clone(temperature=0.5)
    first = sharp.apply(variables, z, train=False)[:, 0].mean(0)
    start = jnp.zeros((1, LENGTH), jnp.int32)
    logits = module.apply(variables, start, train=False, method="logits")[0, 0]
    np.testing.assert_allclose(first, jax.nn.softmax(2 * logits), atol=0.015)
    trained = module.apply(variables, z, train=True)[:, 0].mean(0)
    np.testing.assert_allclose(trained, jax.nn.softmax(logits), atol=0.015)


@pytest.mark.full
def test_the_first_draw_has_the_gradient_of_the_relaxed_draw(model):
    """One word: the gradient of w·softmax((logits + noise)/τ) by the logits."""
    module, variables, z = model
    single = module.clone(shape=(1,))
    z, weights = z[:50], jax.random.normal(jax.random.key(2), (50, WORDS))

    def drawn(variables):
        return single.apply(variables, z, 0.7, train=True)[:, 0]

    slope = jax.grad(lambda v: jnp.sum(weights * drawn(v)))(variables)
    found = slope["params"]["output_bias"][0]
    noise = jax.vmap(lambda key: jax.random.gumbel(key, (1, WORDS)))(keys_of(z))[:, 0]
    start = jnp.zeros((1, 1), jnp.int32)
    logits = single.apply(variables, start, train=True, method="logits")[0]

    def relaxed(bias):
        return jax.nn.softmax((logits + bias + noise) / 0.7)

    wanted = jax.grad(lambda b: jnp.sum(weights * relaxed(b)))(jnp.zeros((1, WORDS)))
    np.testing.assert_allclose(found, wanted[0], rtol=1e-4, atol=1e-5)
    made = drawn(variables)
    np.testing.assert_allclose(made, jax.nn.one_hot(made.argmax(-1), WORDS), atol=1e-6)


def test_a_critic_finds_a_word_at_any_place():
    """With windows of one word the order does not count; with two it does."""
    x = jax.nn.one_hot(jnp.array([[0, 1, 2, 3], [3, 2, 1, 0]]), WORDS)
    for windows, alike in (((1,), True), ((2,), False)):
        module = WordDiscriminator(width=4, windows=windows, filters=8)
        logits, _ = module.init_with_output(jax.random.key(0), x, train=True)
        assert bool(jnp.allclose(logits[0], logits[1], atol=1e-6)) == alike


def test_too_large_windows_are_refused():
    x = jnp.zeros((2, 3, WORDS))
    with pytest.raises(BadInput, match="expected at most 3"):
        WordDiscriminator().init(jax.random.key(0), x, train=True)
