"""What the configs of images share: CIFAR-10 for the published tables and how each is
made to run in seconds, and MNIST for the family of games."""

from ml_collections import ConfigDict


def cifar10(game="gan"):
    """32×32 images; ``data.name=cifar10_jpeg`` takes a folder or zip of images."""
    config = ConfigDict()
    config.game = game
    config.data = {"name": "cifar10"}
    config.latents = {"name": "normal", "size": 128}
    config.samples = {"every": 5000, "count": 64}
    config.checkpoint = {"every": 5000}
    return config


def mnist(game="gan", data="mnist"):
    """28×28 images in minutes on two cores, scored by the shipped classifier."""
    config = ConfigDict()
    config.game = game
    config.data = {"name": data}
    config.batch_size = 64
    config.samples = {"every": 1000, "count": 100}
    config.checkpoint = {"every": 500}
    config.evaluation = {
        "samples": 5000,
        "extractor": "small_cnn_mnist",
    }
    return config


def shortest(config):
    """``config`` on the 8×8 digits that are always there, for a few steps."""
    config.data.name = "digits"
    config.steps = 2
    config.parallel = {"inner_steps": 1}
    config.log = {"every": 1}
    config.samples = {"every": 2, "count": 8}
    config.checkpoint = {"every": 2}
    return config


def two_rates(generator=1e-3, discriminator=5e-4):
    """A faster generator: it has few steps to learn in (two time scales, Heusel et al.
    2017, arXiv 1706.08500, the other way about)."""
    return {
        "generator": {"learning_rate": generator, "b1": 0.5},
        "discriminator": {"learning_rate": discriminator, "b1": 0.5},
    }


def adam(rate, b1=0.0, b2=0.9, **options):
    return {"learning_rate": rate, "b1": b1, "b2": b2, **options}


def tiny(config, size=32, **networks):
    """``config`` in a few steps of a batch of 8 waves, its networks with the options
    given: ``name={…}``."""
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
    # A copy each: ConfigDict keeps one that is shared, and a change of either's options
    # would be one of both.
    return {"generator": dict(options), "discriminator": dict(options)}
