"""A small DCGAN on MNIST whose latent space is looked at: interpolations, arithmetic,
directions, and the inversion of real digits.

    python scripts/train.py --config=configs/dcgan_small_mnist.py --workdir=runs/dcgan
    python scripts/sample.py --workdir=runs/dcgan --mode=inversions
    python scripts/sample.py --workdir=runs/dcgan --mode=edits
    python scripts/sample.py --workdir=runs/dcgan --mode=arithmetic \\
        --extractor=small_cnn_mnist

Expected in 5 minutes on 2 CPU cores: a classifier is surer of interpolations than of
blended images (``interpolations_confidence``), and inverted test digits are nearer to
the digits than the nearest training digits are (``inversion_mse``).
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
