"""LeCam's own code for BigGAN: its losses, averages and training function's order."""

import importlib
import sys

import numpy as np
import torch

from tests.parity import rule
from tests.parity.oracles import biggan
from tests.parity.oracles.torch_side import array, imported, tensor

SOURCE = "lecam-gan"
TURNS, N, BEGIN = 6, 5, 3


def regularised(repository):
    """Return values, gradients and averages of six turns, of which the averages copy
    the first three and the term counts in the last two."""
    losses = imported(repository / "biggan_cifar", "losses")
    for name in [x for x in sys.modules if x.partition(".")[0] == "third_party"]:
        del sys.modules[name]
    sys.path.insert(0, str(repository))
    try:
        with biggan.without_pictures():
            utils = importlib.import_module("third_party.utils")
    finally:
        sys.path.remove(str(repository))
    ema = utils.ema_losses(start_itr=BEGIN)
    found = {}
    for turn in range(TURNS):
        real, fake = (
            tensor(rule.numbers(f"lecam.{side}.{turn}", (N,))).requires_grad_()
            for side in ("real", "fake")
        )
        # The loss updates the averages; the training function uses them after it.
        losses.discriminator_loss(fake, real, ema, turn)
        value = torch.zeros(())
        if turn > ema.start_itr:
            value = losses.lecam_reg(real, fake, ema)
            value.backward()
        for side, logits in (("real", real), ("fake", fake)):
            slope = np.zeros(N) if logits.grad is None else array(logits.grad)
            found[f"gradient/{side}.{turn}"] = slope
            found[f"output/{side}.{turn}"] = np.array(getattr(ema, f"D_{side}"))
        found[f"loss/{turn}"] = array(value)
    return found


FIXTURES = {"lecam_biggan": regularised}
