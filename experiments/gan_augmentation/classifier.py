"""A small classifier, trained on real images, generated images, or both."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from ganjax.augment import inverse_affine, warp
from ganjax.data import Arrays, scaled
from ganjax.networks.layers import Conv

CLASSES = 10
UPDATES, BATCH = 500, 64
LEARNING_RATE = 2e-3
# Classic augmentation: rotation, scale (a power of 2) and shift (pixels), each uniform
# between these limits and their negatives.
TURN, SCALE, SHIFT = np.pi / 12, 0.15, 1.0


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What a classifier sees in training.

    Attributes:
      generated: the share of generated images in a batch.
      classic: whether images are rotated, scaled and shifted at random.
    """

    generated: float = 0.0
    classic: bool = False


class Classifier(nn.Module):
    """``images [n, 16, 16, 1]`` in [-1, 1] ``-> logits [n, 10]``: two convolutions with
    max pooling, and a hidden layer. Without batch normalisation, whose statistics would
    mix real and generated images."""

    @nn.compact
    def __call__(self, x):
        for features in (16, 32):
            x = nn.relu(Conv(features, kernel_init=nn.initializers.he_normal())(x))
            n, height, width, _ = x.shape
            # The maximum over an axis is fast inside a scan; max_pool is not.
            blocks = x.reshape(n, height // 2, 2, width // 2, 2, features)
            x = blocks.max((2, 4))
        x = nn.relu(nn.Dense(64)(x.reshape(len(x), -1)))
        return nn.Dense(CLASSES)(x)


def trained_classifier(
    real: Arrays, fake: Arrays, recipe: Recipe, *, mirror: bool, seed: int
) -> dict:
    """Train a classifier and return its variables. Every recipe takes the same number
    of updates with the same initial values and the same program.

    Args:
      real, fake: real and generated images ``[N, 16, 16, 1]``, uint8, with labels.
      recipe: what the classifier sees.
      mirror: whether classic augmentation also mirrors images.
      seed: of initial values and batches.
    """
    numbers = {
        "reals": len(real),
        "fakes": len(fake),
        "generated": recipe.generated,
        "classic": float(recipe.classic),
        "mirror": 0.5 * recipe.classic * mirror,
    }
    sets = [(_padded(x.data), _padded(x.label)) for x in (real, fake)]
    return _trained(*sets, numbers, jax.random.key(seed))


MOST = 60_000


def _padded(x):
    """Repeat samples up to ``MOST``: sets of all sizes then share one program."""
    return np.resize(x, (MOST, *x.shape[1:]))


@jax.jit
def _trained(real, fake, numbers, key):
    network = Classifier()
    start, batches = jax.random.split(key)
    variables = network.init(start, jnp.zeros((1, *real[0].shape[1:])))
    optimizer = optax.adam(optax.cosine_decay_schedule(LEARNING_RATE, UPDATES))

    def update(carry, key):
        variables, memory = carry
        images, label = _batch(key, real, fake, numbers)

        def loss(variables):
            logits = network.apply(variables, images)
            return optax.softmax_cross_entropy_with_integer_labels(logits, label).mean()

        change, memory = optimizer.update(jax.grad(loss)(variables), memory)
        return (optax.apply_updates(variables, change), memory), None

    carry = variables, optimizer.init(variables)
    (variables, _), _ = jax.lax.scan(update, carry, jax.random.split(batches, UPDATES))
    return variables


def _batch(key, real, fake, numbers):
    """Return images ``[n, H, W, C]`` and labels: the first ones generated, the others
    real."""
    place, transform = jax.random.split(key)
    row = jax.random.randint(place, (BATCH,), 0, MOST)
    is_fake = jnp.arange(BATCH) < numbers["generated"] * BATCH
    of_fake, of_real = row % numbers["fakes"], row % numbers["reals"]
    pixels = is_fake[:, None, None, None]
    images = jnp.where(pixels, fake[0][of_fake], real[0][of_real])
    label = jnp.where(is_fake, fake[1][of_fake], real[1][of_real])
    keys = jax.random.split(transform, BATCH)
    moved = jax.vmap(_transformed, (0, 0, None))(keys, scaled(images), numbers)
    return moved, label


def _transformed(key, image, numbers):
    turn, scale, shift, mirror = jax.random.split(key, 4)

    def drawn(key, most, shape=()):
        limit = most * numbers["classic"]
        return jax.random.uniform(key, shape, minval=-limit, maxval=limit)

    inverse = inverse_affine(
        drawn(scale, SCALE), drawn(turn, TURN), 0.0, 0.0, drawn(shift, SHIFT, (2,))
    )
    mirrored = jax.random.bernoulli(mirror, numbers["mirror"])
    return warp(jnp.where(mirrored, image[:, ::-1], image), inverse)


def predicted(variables: dict, images: np.ndarray, batch: int = 1000) -> np.ndarray:
    """Return the most probable class ``[n]`` of uint8 images ``[n, 16, 16, 1]``."""
    parts = [images[i : i + batch] for i in range(0, len(images), batch)]
    return np.concatenate([np.asarray(_classes(variables, part)) for part in parts])


@jax.jit
def _classes(variables, images):
    return Classifier().apply(variables, scaled(images)).argmax(1)
