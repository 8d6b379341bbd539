"""Networks that know a caption: recurrence, masks and attention."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.networks import captioned, gru
from ganjax.networks.cross_attention import CrossAttention
from ganjax.networks.text import Text

KEY = jax.random.key(0)
TOKENS = np.array([[3, 1, 2, 0], [4, 0, 0, 0], [1, 2, 3, 4]], np.int32)
ENCODER = gru.TextEncoder(vocabulary=4, width=6)


@functools.cache
def variables():
    return jax.jit(functools.partial(ENCODER.init, train=True))(KEY, TOKENS)


def encoded(tokens, held=None):
    held = held or variables()
    return jax.jit(functools.partial(ENCODER.apply, train=False))(held, tokens)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_hand(params, vectors):
    """The states ``[L, h]`` of one direction, in float64 (eqs. 5 to 8 of Cho et al.,
    with the reset gate of cuDNN)."""
    inputs = vectors @ params["inputs"]["kernel"] + params["inputs"]["bias"]
    state, states = np.zeros(len(params["recurrent_r"])), []
    for given in inputs:
        r, z, n = np.split(given, 3)
        reset = sigmoid(r + state @ params["recurrent_r"])
        keep = sigmoid(z + state @ params["recurrent_z"])
        own = state @ params["recurrent_n"] + params["bias"][0]
        state = keep * state + (1 - keep) * np.tanh(n + reset * own)
        states.append(state)
    return np.array(states)


def test_the_recurrence():
    held = jax.tree.map(lambda x: np.asarray(x, np.float64), variables()["params"])
    # Biases start at 0, so give them other values.
    rng = np.random.default_rng(0)
    held = jax.tree.map(lambda x: x + 0.1 * rng.standard_normal(x.shape), held)
    found = encoded(TOKENS, {"params": jax.tree.map(np.float32, held)})
    for i, tokens in enumerate(TOKENS):
        vectors = held["words"]["kernel"][tokens[tokens > 0]]
        forwards = by_hand(held["forwards"], vectors)
        backwards = by_hand(held["backwards"], vectors[::-1])
        wanted = np.concatenate([forwards[-1], backwards[-1]])
        np.testing.assert_allclose(found.sentence[i], wanted, atol=2e-6)
        states = np.concatenate([forwards, backwards[::-1]], axis=1)
        np.testing.assert_allclose(found.words[i, : len(vectors)], states, atol=2e-6)


def test_padding_changes_nothing():
    longer = np.pad(TOKENS, ((0, 0), (0, 3)))
    short, long = encoded(TOKENS), encoded(longer)
    np.testing.assert_array_equal(short.sentence, long.sentence)
    np.testing.assert_array_equal(short.words, long.words[:, :4])
    np.testing.assert_array_equal(short.mask, TOKENS > 0)
    assert not np.any(np.asarray(long.words)[longer == 0])
    # The vector of padding has no effect.
    held = jax.tree.map(np.array, variables())
    held["params"]["words"]["kernel"][0] = 7.0
    jax.tree.map(np.testing.assert_array_equal, encoded(TOKENS, held), short)


def attending(module, x):
    """The output of ``module`` as a function of the text."""
    text = encoded(TOKENS)
    held = jax.jit(functools.partial(module.init, train=True))(KEY, x, text)
    return jax.jit(lambda text: module.apply(held, x, text, train=False)), text


@pytest.mark.parametrize(
    "kind", ["generator", pytest.param("discriminator", marks=pytest.mark.full)]
)
def test_networks_see_words_and_no_padding(kind):
    if kind == "generator":
        module = captioned.GeneratorFromText((8, 8, 3), width=2, attention=4)
        x = jax.random.normal(KEY, (3, 4))
    else:
        module = captioned.DiscriminatorWithText(width=2, attention=4, joined=2)
        x = jax.random.normal(KEY, (3, 8, 8, 3))
    see, text = attending(module, x)
    base = np.asarray(see(text))
    noise = jax.random.normal(KEY, text.words.shape)
    mask = jnp.expand_dims(text.mask, -1)
    padded = text._replace(words=jnp.where(mask > 0, text.words, noise))
    np.testing.assert_array_equal(see(padded), base)
    wider = Text(
        text.sentence,
        jnp.pad(text.words, ((0, 0), (0, 2), (0, 0)), constant_values=5.0),
        jnp.pad(text.mask, ((0, 0), (0, 2))),
    )
    np.testing.assert_allclose(see(wider), base, atol=1e-6)
    words = text._replace(words=jnp.where(mask > 0, noise, text.words))
    assert np.abs(see(words) - base).reshape(3, -1).max(1).min() > 1e-5
    sentence = text._replace(sentence=text.sentence + 1)
    assert np.abs(see(sentence) - base).reshape(3, -1).max(1).min() > 1e-5


def test_attention_averages_words():
    """With equal words, each pixel gets the same vector: the value of the word, through
    the last map."""
    layer, text = CrossAttention(heads=2), encoded(TOKENS)
    x = jax.random.normal(KEY, (3, 2, 2, 4))
    params = jax.jit(layer.init)(KEY, x, text)["params"]
    equal = text._replace(words=jnp.ones_like(text.words))
    found = layer.apply({"params": params}, x, equal) - x
    kernels = [np.asarray(params[name]["kernel"]) for name in ("value", "output")]
    wanted = np.ones(6) @ kernels[0] @ kernels[1]
    np.testing.assert_allclose(found, np.broadcast_to(wanted, x.shape), atol=1e-5)


def test_a_pixel_attends_to_the_word_that_it_asks_for():
    """With the query 60·e_i, keys e_w and one head, the weight of word i is e^30 times
    the others' (√4 divides), so pixel i gets the value of word i alone."""
    words = jnp.eye(4)[None]
    text = Text(jnp.zeros((1, 4)), words, jnp.ones((1, 4)))
    x = jnp.eye(4).reshape(1, 2, 2, 4)
    value = jnp.arange(16.0).reshape(4, 4)
    params = {
        "query": {"kernel": 60 * jnp.eye(4)}, "key": {"kernel": jnp.eye(4)},
        "value": {"kernel": value}, "output": {"kernel": jnp.eye(4)},
    }  # fmt: skip
    found = CrossAttention(heads=1).apply({"params": params}, x, text) - x
    np.testing.assert_allclose(found.reshape(4, 4), value, atol=1e-4)


def test_the_projection_adds_a_product_of_features_and_sentence():
    """Without the projection's kernel, nothing changes; the logit is linear in it."""
    x, text = jax.random.normal(KEY, (3, 8, 8, 3)), encoded(TOKENS)
    how = {"width": 2, "joined": 2, "spectral": False}
    with_it = captioned.DiscriminatorWithText(projection=True, **how)
    without = captioned.DiscriminatorWithText(**how)
    held = jax.jit(functools.partial(with_it.init, train=True))(KEY, x, text)
    kernel = held["params"]["compared"]["kernel"]

    def logits(module, factor=None):
        params = dict(held["params"])
        compared = params.pop("compared")
        if factor is not None:
            params["compared"] = {"kernel": factor * compared["kernel"]}
        return np.asarray(module.apply({"params": params}, x, text, train=False))

    assert kernel.shape == (6, 4 * 4 * 2)
    base = logits(without)
    np.testing.assert_allclose(logits(with_it, 0.0), base, atol=1e-6)
    once, twice = (logits(with_it, factor) - base for factor in (1.0, 2.0))
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-4, atol=1e-6)
    assert np.abs(once).min() > 1e-4
