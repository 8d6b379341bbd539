"""The torch program computes the same step, and a difference is refused."""

import jax
import numpy as np
import pytest

from benchmarks import agreement, models
from benchmarks.steps import POINTS
from ganjax.build import build
from ganjax.core import init_state

pytest.importorskip("torch", reason="torch is a requirement of the benchmark alone")


def both(architecture, form, draw=3):
    from benchmarks import torch_peer

    config = models.image_config(architecture, width=4, batch_size=8, images=32)
    setup = build(config)
    state = init_state(setup.game, jax.random.key(draw), setup.knobs)
    state = agreement.perturbed(state)
    peer = torch_peer.Peer(config, state, setup.feed.data[0], form)
    drawn = agreement.example(setup, config, state)
    mine = {
        name: (float(loss), torch_peer.as_torch(peer, name, gradients[name]))
        for name, (loss, gradients) in agreement.first_step(
            setup, state, drawn["real"]
        ).items()
    }
    return mine, torch_peer.first_step(peer, drawn["real"], drawn["z"]), peer


def agreeing(architecture, form):
    """Both programs at the first draw at which they agree. If an activation is almost
    0, rounding can put it on different sides of a ReLU's kink in the two programs, and
    the gradients differ at this draw. Wrong programs differ at every draw."""
    for draw in range(POINTS):
        found = both(architecture, form, draw)
        try:
            agreement.require_agreement(*found[:2])
            break
        except agreement.Disagreement:
            continue
    return found


@pytest.mark.parametrize("architecture", ["dcgan", "sn_dcgan", "sngan_resnet"])
def test_first_steps_agree_in_every_eager_form(architecture):
    from benchmarks.torch_peer import Form

    for channels_last, joined in [(False, True), (True, False)]:
        form = Form(None, channels_last, joined)
        mine, theirs, peer = agreeing(architecture, form)
        assert agreement.require_agreement(mine, theirs) < agreement.TOLERANCE
        weight = peer.generator.layers["Conv_0"].weight
        before = weight.detach().clone()
        average = peer.averages[0].clone()
        peer.run(2)
        assert not before.equal(weight)
        assert not average.equal(peer.averages[0])


def test_a_difference_is_refused():
    same = {"generator": (1.0, {"w": np.ones(3)})}
    assert agreement.require_agreement(same, same) == 0
    other = {"generator": (1.0, {"w": np.array([1, 1, 1.001])})}
    with pytest.raises(agreement.Disagreement, match="generator: w differs by 1.0e-03"):
        agreement.require_agreement(same, other)
    with pytest.raises(agreement.Disagreement, match="only one program has"):
        agreement.require_agreement(same, {"generator": (1.0, {})})
    nan = {"generator": (1.0, {"w": np.full(3, np.nan)})}
    with pytest.raises(agreement.Disagreement):
        agreement.require_agreement(same, nan)
