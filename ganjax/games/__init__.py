"""The games. Each file builds a ``Game``, which is trained, and its ``Sampler``, which
makes and scores samples. It builds them from ``Parts``, the components that a config
names."""

from ganjax.games.adversarial_autoencoder import (
    ADVERSARIAL_AUTOENCODER,
    SEMI_SUPERVISED_AUTOENCODER,
)
from ganjax.games.anomaly import ANOGAN, F_ANOGAN, GANOMALY
from ganjax.games.bigan import BIGAN
from ganjax.games.ctgan import CTGAN
from ganjax.games.cyclegan import CYCLEGAN
from ganjax.games.duel import duel
from ganjax.games.gain import GAIN
from ganjax.games.gan import CONDITIONAL_GAN, GAN
from ganjax.games.infogan import INFOGAN
from ganjax.games.inpainting import INPAINTING
from ganjax.games.molgan import MOLGAN
from ganjax.games.pate_gan import PATE_GAN
from ganjax.games.pix2pix import PIX2PIX
from ganjax.games.private_gan import PRIVATE_GAN
from ganjax.games.recipe import Parts, Recipe, weight
from ganjax.games.semi_supervised import SEMI_SUPERVISED
from ganjax.games.style_transfer import (
    ADVERSARIAL_STYLE_TRANSFER,
    STYLE_TRANSFER,
)
from ganjax.games.super_resolution import SUPER_RESOLUTION
from ganjax.games.text_to_image import TEXT_TO_IMAGE
from ganjax.games.timegan import TIMEGAN
from ganjax.games.word_gan import WORD_GAN
from ganjax.names import Table

_GAMES = {
    "gan": GAN,
    "conditional_gan": CONDITIONAL_GAN,
    "adversarial_autoencoder": ADVERSARIAL_AUTOENCODER,
    "semi_supervised_autoencoder": SEMI_SUPERVISED_AUTOENCODER,
    "bigan": BIGAN,
    "infogan": INFOGAN,
    "semi_supervised": SEMI_SUPERVISED,
    "anogan": ANOGAN,
    "f_anogan": F_ANOGAN,
    "ganomaly": GANOMALY,
    "pix2pix": PIX2PIX,
    "cyclegan": CYCLEGAN,
    "super_resolution": SUPER_RESOLUTION,
    "text_to_image": TEXT_TO_IMAGE,
    "inpainting": INPAINTING,
    "style_transfer": STYLE_TRANSFER,
    "adversarial_style_transfer": ADVERSARIAL_STYLE_TRANSFER,
    "ctgan": CTGAN,
    "gain": GAIN,
    "private_gan": PRIVATE_GAN,
    "pate_gan": PATE_GAN,
    "molgan": MOLGAN,
    "timegan": TIMEGAN,
    "word_gan": WORD_GAN,
}

GAMES = Table("a Recipe", _GAMES, Recipe)

__all__ = ["GAMES", "Parts", "Recipe", "duel", "weight"]
