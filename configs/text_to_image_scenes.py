"""Text to image on scenes of MNIST digits and shapes, with a discriminator that knows
whether caption and image match (GAN-CLS; Reed et al. 2016, arXiv 1605.05396).

    python scripts/train_scene_reader.py
    ganjax train --config=text_to_image_scenes --workdir=runs/scenes
    ganjax sample --workdir=runs/scenes --mode=captions
    ganjax sample --workdir=runs/scenes --prompt="a small red seven above a green two"

The first command makes the file of the reader that scores held-out captions. With
``:words`` the pixels of 8×8 feature maps also attend to the words. ``:mismatched``
leaves out the real images with wrong captions. ``:tiny`` runs in seconds, on the digits
of scikit-learn.

Expected: not measured yet. The aim for held-out captions is ``captions_digit`` of at
least 0.75, ``captions_colour``, ``captions_place``, ``captions_size``,
``captions_count`` and ``captions_relation`` of at least 0.85, ``captions_all`` of at
least 0.4 and ``captions_r_precision`` of at least 0.5, and chance for ``_shuffled``.
"""

from configs import images

ARGUMENTS = ("words", "mismatched", "tiny")


def get_config(variant=""):
    config = images.mnist("text_to_image", "scenes")
    config.steps = 12_000
    config.latents = {"name": "normal", "size": 32}
    config.networks = {
        "generator": {"width": 32},
        "discriminator": {"width": 32},
        "generator_text": {"width": 64},
        "discriminator_text": {"width": 64},
    }
    config.loss = {"name": "hinge"}
    config.optimizers = {
        "generator": images.adam(2e-4),
        "discriminator": images.adam(4e-4),
    }
    config.samples = {"every": 1000, "count": 64}
    config.checkpoint = {"every": 1000}
    config.evaluation.extractor = "scene_reader"
    config.evaluation.weights = "scene_reader.safetensors"
    config.evaluation.samples = 2000
    config.evaluation.names = ("captions",)
    if variant == "words":
        config.networks.generator.attention = 8
        config.networks.discriminator.attention = 8
    if variant == "mismatched":
        config.options = {"matching": False}
    return _tiny(config) if variant == "tiny" else config


def _tiny(config):
    config = images.shortest(config)
    config.data = {"name": "scenes", "glyphs": "digits", "side": 16}
    config.batch_size = 8
    config.latents.size = 4
    for name, options in config.networks.items():
        options.width = 8 if name.endswith("text") else 4
    config.networks.generator.attention = 8
    config.networks.discriminator.update({"attention": 8, "joined": 4})
    config.evaluation = {"samples": 100}
    return config
