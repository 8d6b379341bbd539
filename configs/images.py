"""Shared parts of the image configs: CIFAR-10 for the published tables, MNIST for the
games of the gallery, and changes that make a config run in seconds."""

from ml_collections import ConfigDict


def cifar10(game="gan"):
    """Return a config of 32×32 images. ``data.name=cifar10_jpeg`` reads a folder or a
    zip file of images."""
    config = ConfigDict()
    config.game = game
    config.data = {"name": "cifar10"}
    config.latents = {"name": "normal", "size": 128}
    config.samples = {"every": 5000, "count": 64}
    config.checkpoint = {"every": 5000}
    return config


def mnist(game="gan", data="mnist"):
    """Return a config of 28×28 images, scored by the classifier in this repository. A
    run takes minutes on two CPU cores."""
    config = ConfigDict()
    config.game = game
    config.data = {"name": data}
    config.batch_size = 64
    config.samples = {"every": 1000, "count": 100}
    config.checkpoint = {"every": 500}
    config.evaluation = {
        "samples": 5000,
        "real": 10_000,
        "extractor": "small_cnn_mnist",
    }
    return config


def shortest(config):
    """Return ``config`` with two steps on scikit-learn's 8×8 digits."""
    config.data.name = "digits"
    config.steps = 2
    config.parallel = {"inner_steps": 1}
    config.log = {"every": 1}
    config.samples = {"every": 2, "count": 8}
    config.checkpoint = {"every": 2}
    return config


def two_rates(generator=1e-3, discriminator=5e-4):
    """Return optimizers with two rates (Heusel et al. 2017, arXiv 1706.08500). The
    default has a faster generator, because runs are short. The paper has a faster
    discriminator."""
    return {
        "generator": {"learning_rate": generator, "b1": 0.5},
        "discriminator": {"learning_rate": discriminator, "b1": 0.5},
    }


def adam(rate, b1=0.0, b2=0.9, **options):
    return {"learning_rate": rate, "b1": b1, "b2": b2, **options}


def tiny(config, size=32, **networks):
    """Return ``config`` with two steps on synthetic stripes and a batch of 8.
    ``networks`` holds the options of each network: ``name={…}``."""
    config.data = {"name": f"gratings{size}"}
    config.steps = 2
    config.batch_size = 8
    config.log = {"every": 1}
    config.samples = {"every": 2, "count": 8}
    config.checkpoint = {"every": 2}
    for name, options in networks.items():
        config.networks[name].update(options)
    return config


def both(**options):
    # Two copies: with one shared dict, a change for one network would change both.
    return {"generator": dict(options), "discriminator": dict(options)}
