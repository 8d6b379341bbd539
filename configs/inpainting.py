"""Filling in: digits with free-form holes (pix2pix with the masks of Yu et al. 2019,
arXiv 1806.03589), on MNIST's 28×28 pixels.

    ganjax train --config=inpainting --workdir=runs/inpainting
    ganjax sample --workdir=runs/inpainting --mode=translations
    ganjax sample --workdir=runs/inpainting --image=digit.png --mask=hole.png

A hole has 10 to 40 % of the pixels. Variants: ``:textures`` fills 64×64 pixels of
brick, grass and gravel (``pip install 'ganjax[pictures]'``), ``:tiny`` runs in seconds.
``:gpu`` is a larger network for a folder of your images, ``data.dir``, of 128×128
pixels or more; it has not run.

Expected on held-out images (not measured yet over five seeds, see
configs/sweeps/inpainting.py): the errors in the hole, ``filling_l1`` and
``filling_mse``, are below the errors of the mean of the context and of the biharmonic
surface. A classifier reads completed digits (``filling_class``) with at least 0.85 of
its accuracy on whole ones (``filling_class_whole``). Textures have no such classifier,
and are not measured at all yet.

A pilot of the digits on seed 7 took 4 minutes 14 seconds, and was scored on 500 digits.
The L1 error was 0.137 (mean 0.453, biharmonic surface 0.266), the squared error 0.152
(0.439, 0.267), and 0.942 of completed digits were read (0.994 of whole ones, 0.690 with
the mean, 0.916 with the biharmonic surface).
"""

from configs import images

ARGUMENTS = ("textures", "gpu", "tiny")


def get_config(arg=""):
    config = images.mnist("inpainting", arg if arg == "textures" else "mnist")
    config.steps = 1000
    config.batch_size = 32
    config.networks = {
        "generator": {"name": "gated_unet", "width": 16, "blocks": 2},
        "discriminator": {
            "name": "patchgan",
            "width": 16,
            "layers": 2,
            "normalization": "spectral",
        },
    }
    config.loss = {"name": "hinge"}
    config.weights = {"adversarial": 0.05}
    config.optimizers = images.two_rates(1e-3, 5e-4)
    config.evaluation = {
        "names": ("filling",),
        "samples": 2000,
        "real": 10_000,
        "extractor": "" if arg == "textures" else "small_cnn_mnist",
    }
    if arg == "textures":
        config.batch_size = 16
        config.data.mirror = True
    if arg == "gpu":
        config.data = {"name": "image_folder", "mirror": True}
        config.steps = 200_000
        config.networks.generator.update({"width": 48, "blocks": 6})
        config.networks.discriminator.update({"width": 64, "layers": 4})
        config.optimizers = images.two_rates(1e-4, 1e-4)
        config.samples.every = 10_000
        config.checkpoint.every = 10_000
        config.evaluation.extractor = ""
    if arg == "tiny":
        config.evaluation = {"names": ("filling",), "samples": 100}
        config.networks.generator.update({"width": 4, "blocks": 1})
        config.networks.discriminator.update({"width": 4})
        return images.shortest(config)
    return config
