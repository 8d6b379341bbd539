"""The games: each file returns a ``Game`` from its ``Parts``."""

from ganjax.games.adversarial_autoencoder import ADVERSARIAL_AUTOENCODER
from ganjax.games.cyclegan import CYCLEGAN
from ganjax.games.gan import CONDITIONAL_GAN, GAN
from ganjax.games.recipe import Parts, Recipe

GAMES = {
    "gan": GAN,
    "conditional_gan": CONDITIONAL_GAN,
    "adversarial_autoencoder": ADVERSARIAL_AUTOENCODER,
    "cyclegan": CYCLEGAN,
}

__all__ = ["GAMES", "Parts", "Recipe"]
