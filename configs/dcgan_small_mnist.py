"""A small DCGAN on MNIST, to study its latent space: interpolations, arithmetic,
directions, and the inversion of real digits.

    ganjax train --config=dcgan_small_mnist --workdir=runs/dcgan
    ganjax sample --workdir=runs/dcgan --mode=inversions
    ganjax sample --workdir=runs/dcgan --mode=edits
    ganjax sample --workdir=runs/dcgan --mode=arithmetic \\
        --extractor=small_cnn_mnist

Expected in 5 minutes on 2 CPU cores: a classifier is more confident on interpolations
than on blended images (``interpolations_confidence``). The error of inverted test
digits (``inversion_mse``) is below the error of the nearest training digits.
"""

from configs import images


def get_config():
    config = images.mnist()
    config.steps = 4000
    config.latents = {"name": "normal", "size": 64}
    config.networks = images.both(name="dcgan", width=16, normalization="batch")
    config.optimizers = images.two_rates()
    config.evaluation.names = ("classes", "interpolations", "inversion", "frechet")
    return config
