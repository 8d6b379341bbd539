"""What the configs of the published image tables share: CIFAR-10, and how each is made
to run in seconds."""

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
    return {"generator": options, "discriminator": options}
