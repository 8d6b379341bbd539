"""APA in DeceiveD: the images that replace real ones, and the controller."""

import re
import sys
import types
from unittest.mock import patch

import jax
import numpy as np
import torch

from tests.parity import rule
from tests.parity.oracles import torch_side

SOURCE = "DeceiveD"
N, PROBABILITY = 8, 0.4
SIGNS = -0.2, 0.5, 0.6, 0.7, 1.0
START, BATCH, KIMG = 0.3, 64, 500
_TOPS = "training", "torch_utils", "dnnlib"


def _loss(repository):
    for name in [x for x in sys.modules if x.partition(".")[0] in _TOPS]:
        del sys.modules[name]
    return torch_side.imported(repository, "training.loss")


def apa(repository):
    module = _loss(repository).StyleGAN2Loss
    loss = module.__new__(module)
    loss.device = "cpu"
    loss.augment_pipe = types.SimpleNamespace(p=torch.tensor(PROBABILITY))
    real, fake = (
        torch_side.tensor(rule.images(x, (N, 3, 4, 4))) for x in ("real", "fake")
    )
    loss.pseudo_data = fake
    # What ganjax draws from its keys.
    drawn = np.asarray(
        jax.vmap(jax.random.uniform)(jax.random.split(jax.random.key(0), N))
    )
    given = torch_side.tensor(drawn.reshape(N, 1, 1, 1))
    with patch.object(torch, "rand", return_value=given):
        shown = loss.adaptive_pseudo_augmentation(real)
    return {
        "output/images": torch_side.array(shown),
        "output/probability": np.array([_next(repository, sign) for sign in SIGNS]),
    }


def _next(repository, sign):
    """Return the next probability: the two lines of the training loop, which is too
    large to call."""
    text = (repository / "training/training_loop.py").read_text(encoding="utf-8")
    adjust = re.search(r"^ +adjust = (.*)$", text, re.M)[1]
    rest = text[text.index(adjust) :]
    moved = re.search(r"^ +augment_pipe\.p\.copy_\((.*)\)$", rest, re.M)[1]

    def constant(x, device):
        return torch.tensor(float(x))

    names = {
        "np": np,
        "apa_stats": {"Loss/signs/real": sign},
        "apa_target": 0.6,
        "apa_interval": 4,
        "apa_kimg": KIMG,
        "batch_size": BATCH,
        "augment_pipe": types.SimpleNamespace(p=torch.tensor(START)),
        "misc": types.SimpleNamespace(constant=constant),
        "device": "cpu",
    }
    names["adjust"] = eval(adjust, names)
    return float(eval(moved, names))


FIXTURES = {"deceived_apa": apa}
