"""APA against DeceiveD."""

import jax
import jax.numpy as jnp

from ganjax.augment import adapt, pseudo_real
from tests.parity import rule
from tests.parity.row import Row

N, PROBABILITY = 8, 0.4
SIGNS = -0.2, 0.5, 0.6, 0.7, 1.0
START, BATCH, KIMG, INTERVAL = 0.3, 64, 500, 4


def apa(fixture):
    real, fake = (jnp.asarray(rule.images(x, (N, 3, 4, 4))) for x in ("real", "fake"))
    keys = jax.random.split(jax.random.key(0), N)
    following = [
        adapt(START, sign, target=0.6, images=BATCH * INTERVAL, speed=KIMG)
        for sign in SIGNS
    ]
    return {
        "output/images": pseudo_real(keys, real, fake, PROBABILITY),
        "output/probability": jnp.stack(following),
    }


ROWS = [
    Row(
        "deceived_apa",
        (),
        "DeceiveD",
        "APA: the replaced images with the draws given, the next probability",
        apa,
        differs="they replace by the images of the generator's last turn, ours by "
        "images of the same turn, as StudioGAN; their probability may exceed 1",
    ),
]
