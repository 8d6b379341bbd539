"""Losses and penalties of a critic that is a known linear function."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.core import View
from ganjax.objectives import LOSSES, REGULARIZERS, Adversary, Penalty

W = jnp.array([1.0, -2.0, 2.0])  # ½‖W‖² = 4.5
REAL = jnp.array([[1.0, 0.0, 0.0], [3.0, 0.0, 0.0]])  # logits 1 and 3
FAKE = jnp.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])  # logits -2 and 2


@dataclasses.dataclass
class Line:
    """A view of one linear critic. With ``alone=False`` it claims to mix samples."""

    step: int = 0
    due: frozenset[int] | None = None
    alone: bool = True
    variables: tuple = ()

    def __post_init__(self):
        self.knobs = {"weight": jnp.asarray(10.0)}

    def apply(self, network, x):
        return x @ W

    def update(self, network, x):
        return x @ W, self

    def treats_samples_alone(self, network):
        return self.alone

    def keys(self, name, n):
        return jax.random.split(jax.random.key(0), n)

    def mean(self, x):
        return x

    apart, drawn = None, {}
    every, draw = View.every, View.draw


def judged(view, *penalties):
    adversary = Adversary(LOSSES["wasserstein"], penalties)
    return adversary.critic_loss(view, "discriminator", "critic", REAL, FAKE)


@pytest.mark.parametrize("alone", [True, False])
def test_real_and_fake_have_their_sides(alone):
    """The Wasserstein loss is the mean fake logit, 0, minus the mean real logit, 2, for
    one pass and for two."""
    loss, metrics, _ = judged(Line(alone=alone))
    np.testing.assert_allclose(loss, -2, rtol=1e-6)
    assert (metrics["real_logit"], metrics["fake_logit"]) == (2, 0)
    fooled, _, _ = Adversary(LOSSES["wasserstein"]).generator_loss(
        Line(), "generator", "critic", REAL
    )
    np.testing.assert_allclose(fooled, -2, rtol=1e-6)


@pytest.mark.parametrize(
    ("interval", "step", "added"), [(1, 0, 45), (3, 0, 0), (3, 1, 0), (3, 2, 135)]
)
def test_a_penalty_is_added_with_its_weight(interval, step, added):
    """10·½‖w‖² = 45 at each step, or three times as much at every third step."""
    penalty = Penalty("r1", REGULARIZERS["r1"], "weight", interval)
    for due in (None, frozenset({interval} if added else ())):
        loss, metrics, _ = judged(Line(jnp.asarray(step), due), penalty)
        np.testing.assert_allclose(loss, -2 + added, rtol=1e-6)
        assert float(metrics["r1"]) == (4.5 if added else 0)


def test_a_penalty_joins_its_player_alone():
    other = Penalty("r1", REGULARIZERS["r1"], "weight", player="critic_b")
    np.testing.assert_allclose(judged(Line(), other)[0], -2, rtol=1e-6)


@pytest.mark.parametrize(
    ("loss", "real", "fake"),
    [
        ("minimax", 1, 1 / 2),  # above and below 0
        ("hinge", 1, 1 / 2),
        ("least_squares", 1, 1 / 2),  # 1 and 3 above ½, -2 below it
        ("relativistic_pairing", 1, 1),  # 1 > -2 and 3 > 2
        ("relativistic_average", 1, 1 / 2),  # 1, 3 > mean fake 0; -2 < 2
        ("wasserstein", None, None),  # logits without a zero
    ],
)
def test_accuracy_is_on_the_right_side_of_the_losss_boundary(loss, real, fake):
    adversary = Adversary(LOSSES[loss])
    view = Line()
    view.gather = lambda x: x
    _, metrics, _ = adversary.critic_loss(view, "discriminator", "critic", REAL, FAKE)
    assert metrics.get("real_accuracy") == real
    assert metrics.get("fake_accuracy") == fake


def test_the_boundary_of_least_squares_is_a_half():
    """A logit of 0.4 is nearer to the fake target 0 than to the real target 1."""
    x = jnp.array([[0.4, 0.0, 0.0]])
    adversary = Adversary(LOSSES["least_squares"])
    _, metrics, _ = adversary.critic_loss(Line(), "discriminator", "critic", x, x)
    assert (metrics["real_accuracy"], metrics["fake_accuracy"]) == (0, 1)


@dataclasses.dataclass
class Counted(Line):
    passes: list = dataclasses.field(default_factory=list)

    def update(self, network, x):
        self.passes.append(len(x))
        return super().update(network, x)

    def apply(self, network, x):
        return self.update(network, x)[0]


def test_real_and_fake_are_one_pass_where_nothing_forbids_it():
    """Two passes are used if the critic mixes samples or a penalty needs a pass."""
    every = Penalty("r1", REGULARIZERS["r1"], "weight")
    for view, penalties, passes in (
        (Counted(), (), [4]),
        (Counted(alone=False), (), [2, 2]),
        (Counted(), (every,), [2, 2]),
    ):
        judged(view, *penalties)
        assert view.passes == passes


class Patches(Line):
    """The same critic with two patches per sample: a lower and a higher logit."""

    def apply(self, network, x):
        return (x @ W).reshape(-1, 1) + jnp.array([[-0.5, 0.5]])

    def update(self, network, x):
        return self.apply(network, x), self


@pytest.mark.parametrize("interval", [1, 3])
@pytest.mark.parametrize("name", REGULARIZERS)
def test_a_penalty_on_patches_is_one_on_their_mean(name, interval):
    penalty = Penalty(name, REGULARIZERS[name], "weight", interval)
    step = jnp.asarray(2)
    found, metrics, _ = judged(Patches(step), penalty)
    expected, of_line, _ = judged(Line(step), penalty)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(metrics[name], of_line[name], rtol=1e-6)
    assert metrics[name] > 1


def test_all_patches_of_a_sample_have_its_label():
    """There are two samples and two patches, so labels of the wrong axis would fit too.

    Some real logits 1 and 3 and fake logits -2 and 2 get flipped labels. Both patches
    of a sample have its label, so their offsets cancel in the Wasserstein loss.
    """
    adversary = Adversary(LOSSES["wasserstein"], flipping="rate")
    seen = set()
    for seed in range(8):
        losses = []
        for view in (Line(), Patches()):
            view.knobs = {"rate": jnp.asarray(0.5)}
            view.keys = lambda name, n, seed=seed: jax.random.split(
                jax.random.fold_in(jax.random.key(seed), len(name)), n
            )
            loss, _, _ = adversary.critic_loss(
                view, "discriminator", "critic", REAL, FAKE
            )
            losses.append(float(loss))
        np.testing.assert_allclose(*losses, rtol=1e-6)
        seen.add(round(losses[0], 3))
    assert len(seen) > 2  # several patterns of flips were drawn


def test_the_best_samples_are_those_whose_patches_are_best_on_average():
    """The better half of the logits -2 and 2 is the sample with the patches 1.5 and
    2.5. It is not the better patch of each sample."""
    adversary = Adversary(LOSSES["least_squares"], top_k="share")
    view = Patches()
    view.knobs = {"share": jnp.asarray(0.5)}
    view.gather = view.share = lambda x: x
    loss, _, _ = adversary.generator_loss(view, "generator", "critic", FAKE)
    # ½·(0.5² + 1.5²)/2
    np.testing.assert_allclose(loss, 0.625, rtol=1e-6)
    np.testing.assert_array_equal(adversary.logits(view, "critic", FAKE), [-2, 2])
