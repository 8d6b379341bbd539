"""Terms compared with direct computations, for linear players."""

import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax import core
from ganjax.networks.heads import CriticOutput
from ganjax.objectives import TERMS, TermContext

N = 6
W = jnp.array([1.0, -2.0])  # the critic's logit is x·w
A = jnp.array([[1.0, 2.0], [0.0, 1.0], [-1.0, 0.5]])  # the generator is zA
REAL = jax.random.normal(jax.random.key(1), (N, 2))
Z = jax.random.normal(jax.random.key(2), (N, 3))
LECAM = {"decay": 0.99, "begin": 0}


class View:
    """A view of one step on one device."""

    def __init__(self, step=5):
        self.step = jnp.asarray(step)
        self.params = {
            "generator": {"layer": {"kernel": jnp.array([[1.0, 1.0], [0.0, 1.0]])}},
            "critic": {"layer": {"kernel": jnp.eye(2), "bias": jnp.ones(2)}},
        }
        self.networks = {"generator": types.SimpleNamespace(module=object())}

    def keys(self, name, n):
        return jax.random.split(jax.random.key(len(name)), n)

    def mean(self, x):
        return x

    def apply(self, network, z):
        return z @ self.matrix

    matrix, drawn, due, apart = A, {}, None, None
    every, draw = core.View.every, core.View.draw


def judgement(x):
    return CriticOutput(x @ W, x, {})


def context(memory=None, vary=None, fake=None):
    fake = Z @ A if fake is None else fake
    return TermContext(
        critic="critic",
        generator="generator",
        real=REAL,
        fake=fake,
        label=None,
        latents=Z,
        real_output=judgement(REAL),
        fake_output=judgement(fake),
        critic_output=lambda name, x, label: judgement(x),
        generate=lambda z: z @ A,
        generator_inputs=lambda z, label: (z,),
        vary=vary,
        memory=memory,
    )


def value(name, *, view=None, numbers=None, **options):
    numbers = {k: jnp.asarray(v) for k, v in (numbers or {}).items()}
    return TERMS[name].function(context(**options), view or View(), numbers)


def test_consistency_is_the_squared_change_of_the_logit():
    """x + (1, 1) changes a logit by 1 − 2 = −1. The balanced term counts this for both
    real and fake samples."""

    def shift(keys, x):
        return x + 1

    np.testing.assert_allclose(value("consistency", vary=shift)[0], 1, rtol=1e-5)
    found = value("balanced_consistency", vary=shift)[0]
    np.testing.assert_allclose(found, 2, rtol=1e-5)


def test_neighbours_of_a_latent():
    """The generator is zA, so both terms use δA. The view's keys draw the noise δ."""
    noise = jax.vmap(lambda key: jax.random.normal(key, (3,)))(View().keys("nearby", N))
    moved = 0.3 * np.asarray(noise) @ np.asarray(A)
    found = value("latent_diversity", numbers={"std": 0.3})[0]
    np.testing.assert_allclose(found, -np.mean(moved**2), rtol=1e-5)
    found = value("latent_consistency", numbers={"std": 0.3})[0]
    np.testing.assert_allclose(found, np.mean((moved @ W) ** 2), rtol=1e-5)


def test_lecam_by_hand():
    """The averages move by a hundredth. Real logits above the new average fake logit
    pay, and fake logits below the new average real logit pay."""
    real, fake = np.asarray(REAL @ W), np.asarray(Z @ A @ W)
    memory = {
        "real": jnp.asarray(0.5),
        "fake": jnp.asarray(-0.25),
        "begun": jnp.asarray(1.0),
    }
    found, after = value("lecam", memory=memory, numbers=LECAM)
    expected = {
        "real": 0.99 * 0.5 + 0.01 * real.mean(),
        "fake": -0.99 * 0.25 + 0.01 * fake.mean(),
    }
    above = np.maximum(real - expected["fake"], 0)
    below = np.maximum(expected["real"] - fake, 0)
    np.testing.assert_allclose(found, (above**2).mean() + (below**2).mean(), rtol=1e-5)
    for side, average in expected.items():
        np.testing.assert_allclose(after[side], average, rtol=1e-5)


def test_the_averages_of_lecam_weigh_all_turns():
    """After a first turn with the mean m they are m. After a second with the mean 2m,
    with weights 0.99 : 1, they are (0.99 + 2)/1.99·m."""
    memory = TERMS["lecam"].memory
    _, first = value("lecam", memory=memory, numbers=LECAM)
    fake = float(np.mean(np.asarray(Z @ A @ W)))
    np.testing.assert_allclose(first["fake"], fake, rtol=1e-5)
    _, second = value("lecam", memory=first, numbers=LECAM, fake=2 * Z @ A)
    np.testing.assert_allclose(second["fake"], 2.99 / 1.99 * fake, rtol=1e-5)


@pytest.mark.parametrize(
    ("step", "counts", "copies"),
    [(6, False, True), (7, False, False), (8, True, False)],
)
def test_lecam_begins_after_a_step(step, counts, copies):
    """With ``begin=7`` the averages are copies up to step 6, the term is 0 up to 7."""
    memory = {name: jnp.asarray(1.0) for name in ("real", "fake", "begun")}
    numbers = {"decay": 0.75, "begin": 7}
    found, after = value("lecam", memory=memory, numbers=numbers, view=View(step))
    assert (found > 0) == counts
    now = float(np.mean(np.asarray(REAL @ W)))
    expected = now if copies else 0.75 + 0.25 * now
    np.testing.assert_allclose(after["real"], expected, rtol=1e-5)


def lengths(samples, matrix=A):
    """‖Jᵀy‖ = ‖Ay‖ for points zA with two entries, y ~ N(0, I / 2)."""
    y = jax.vmap(lambda key: jax.random.normal(key, (2,)))(View().keys("path", samples))
    return np.linalg.norm(np.asarray(y) / np.sqrt(2) @ np.asarray(matrix).T, axis=1)


@pytest.mark.parametrize("shrink", [1, 2])
def test_path_length_against_the_jacobian(shrink):
    length = lengths(N // shrink)
    average = 0.2 + 0.01 * (length.mean() - 0.2)
    numbers = {"decay": 0.01, "shrink": shrink}
    found, after = value("path_length", memory=jnp.asarray(0.2), numbers=numbers)
    np.testing.assert_allclose(after, average, rtol=1e-5)
    np.testing.assert_allclose(found, np.mean((length - average) ** 2), rtol=1e-5)


def test_the_gradient_of_the_path_length_passes_through_its_average():
    """A generator of s·zA has the lengths s·l, and the average a = 0.8·0.3 + 0.2·s·m
    with m = E l. The derivative of E(s·l − a)² at s = 1 is 2·E(l − a)(l − 0.2·m)."""
    length = lengths(N)
    mean = length.mean()
    average = 0.8 * 0.3 + 0.2 * mean
    numbers = {"decay": 0.2, "shrink": 1}

    def scaled(s):
        view = View()
        view.matrix = s * A
        memory = jnp.asarray(0.3)
        return value("path_length", view=view, memory=memory, numbers=numbers)[0]

    expected = 2 * np.mean((length - average) * (length - 0.2 * mean))
    np.testing.assert_allclose(jax.grad(scaled)(1.0), expected, rtol=1e-4)


def test_features_match_where_their_means_do():
    found = value("feature_matching")[0]
    gap = np.asarray(REAL).mean(0) - np.asarray(Z @ A).mean(0)
    np.testing.assert_allclose(found, np.sum(gap**2), rtol=1e-5)
    shifted = Z @ A + gap[None, :]
    np.testing.assert_allclose(
        value("feature_matching", fake=shifted)[0], 0, atol=1e-10
    )


@pytest.mark.parametrize(
    ("name", "expected"), [("orthogonal_generator", 2), ("orthogonal_critic", 0)]
)
def test_columns_that_are_not_orthogonal(name, expected):
    """WᵀW of (1 1; 0 1) is (1 1; 1 2), with two off-diagonal entries of 1. A bias does
    not count."""
    np.testing.assert_allclose(value(name)[0], expected, rtol=1e-6)


@pytest.mark.parametrize("player", ["generator", "critic"])
def test_an_embedding_of_the_label_is_no_kernel(player):
    view = View()
    before = value(f"orthogonal_{player}", view=view)[0]
    view.params[player]["label_embedding"] = {"kernel": jnp.ones((3, 4))}
    assert value(f"orthogonal_{player}", view=view)[0] == before
    view.params[player]["layer_2"] = {"kernel": jnp.ones((3, 2))}
    # WᵀW of three rows of ones is 3 everywhere: two entries off the diagonal.
    after = value(f"orthogonal_{player}", view=view)[0]
    np.testing.assert_allclose(after - before, 2 * 9, rtol=1e-6)
