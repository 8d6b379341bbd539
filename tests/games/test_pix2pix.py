"""Losses of the players of pix2pix, calculated by hand.

The inputs a are 1 and 2, their translations 3·a are 3 and 6, and both targets b are 4,
so the errors are 1 and 2. The discriminator's logit of a pair is a + 10 b: 41 and 42
for real pairs, 31 and 62 for translated pairs.
"""

import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.errors import BadInput
from ganjax.games.pix2pix import pix2pix
from tests import tiny
from tests.games.by_hand import game, paid

BATCH = {"a": [[1.0], [2.0]], "b": [[4.0], [4.0]]}


def made():
    functions = {
        "generator": lambda a: 3 * a,
        "discriminator": lambda pair: pair[:, 0] + 10 * pair[:, 1],
    }
    return game(pix2pix, functions)


def test_the_discriminator_sees_pairs():
    """It pays half of its loss with the weight ½."""
    for weight in (1.0, 0.5):
        knobs = {"weights.discriminator": weight}
        loss = paid(made(), "discriminator", BATCH, knobs=knobs)[0]
        assert loss == weight * (46.5 - 41.5)


def test_the_generator_pays_for_both_at_their_weights():
    knobs = {"weights.adversarial": 2.0, "weights.l1": 100.0}
    loss, metrics, _ = paid(made(), "generator", BATCH, knobs=knobs)
    assert loss == 2 * -46.5 + 100 * 1.5
    assert (metrics["adversarial"], metrics["l1"]) == (-46.5, 1.5)


def test_data_without_pairs_are_refused():
    stated = tiny.GAMES["pix2pix"] | {"data": {"name": "unpaired"}}
    with pytest.raises(BadInput, match="'unpaired': expected examples in pairs"):
        build(resolve(stated))
