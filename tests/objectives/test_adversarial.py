"""What a critic pays, penalties included, for a critic that is a known line."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.objectives import LOSSES, REGULARIZERS, Adversary, Penalty

W = jnp.array([1.0, -2.0, 2.0])  # ½‖W‖² = 4.5
REAL = jnp.array([[1.0, 0.0, 0.0], [3.0, 0.0, 0.0]])  # logits 1 and 3
FAKE = jnp.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])  # logits -2 and 2


@dataclasses.dataclass
class Line:
    """A view of one linear critic."""

    step: int = 0

    def __post_init__(self):
        self.knobs = {"weight": jnp.asarray(10.0)}

    def apply(self, network, x):
        return x @ W

    def update(self, network, x):
        return x @ W, self

    def keys(self, name, n):
        return jax.random.split(jax.random.key(0), n)

    def mean(self, x):
        return x


def judged(view, *penalties):
    adversary = Adversary(LOSSES["wasserstein"], penalties)
    return adversary.judge(view, "discriminator", "critic", REAL, FAKE)


def test_real_and_fake_have_their_sides():
    """Wasserstein: the mean of fake logits, 0, minus that of real ones, 2."""
    loss, metrics, _ = judged(Line())
    np.testing.assert_allclose(loss, -2, rtol=1e-6)
    assert (metrics["real_logit"], metrics["fake_logit"]) == (2, 0)
    fooled = Adversary(LOSSES["wasserstein"]).fool(Line(), "critic", REAL)
    np.testing.assert_allclose(fooled, -2, rtol=1e-6)


@pytest.mark.parametrize(
    ("interval", "step", "added"), [(1, 0, 45), (3, 0, 0), (3, 1, 0), (3, 2, 135)]
)
def test_a_penalty_is_added_with_its_weight(interval, step, added):
    """10·½‖w‖² = 45 at each step, or three times that at every third."""
    penalty = Penalty("r1", REGULARIZERS["r1"], "weight", interval)
    loss, metrics, _ = judged(Line(jnp.asarray(step)), penalty)
    np.testing.assert_allclose(loss, -2 + added, rtol=1e-6)
    assert float(metrics["r1"]) == (4.5 if added else 0)


def test_a_penalty_joins_its_player_alone():
    other = Penalty("r1", REGULARIZERS["r1"], "weight", player="critic_b")
    np.testing.assert_allclose(judged(Line(), other)[0], -2, rtol=1e-6)
