"""Filling in: digits with free-form holes (pix2pix with the masks of Yu et al. 2019,
arXiv 1806.03589), on MNIST's 28×28 pixels.

    ganjax train --config=inpainting --workdir=runs/inpainting
    ganjax sample --workdir=runs/inpainting --mode=translations
    ganjax sample --workdir=runs/inpainting --image=digit.png --mask=hole.png
    ganjax train --config=inpainting:textures --workdir=runs/textures

A hole has 10 to 40 % of the pixels. Variants: ``:textures`` fills 64×64 pixels of
brick, grass and gravel (``pip install 'ganjax[pictures]'``), ``:tiny`` runs in seconds.
``:gpu`` is a larger network for a folder of your images, ``data.dir``, of 128×128
pixels or more; it has not run.

Measured on 2,000 held-out digits, mean and 95 % interval over seeds 0 to 4
(configs/sweeps/inpainting.py), in 17 minutes for all five on one core: the L1 error in
the hole, ``filling_l1``, is 0.138 [0.134, 0.140] (mean of the context 0.448, biharmonic
surface 0.278). The squared error, ``filling_mse``, is 0.152 [0.146, 0.154] (0.439,
0.284). A classifier reads 0.938 [0.934, 0.942] of the completed digits,
``filling_class``, and 0.992 of the whole ones (0.705 with the mean, 0.893 with the
surface). Goals were lower errors than both, and 0.85 of the accuracy on whole digits.

On 435 parts of the held-out rows of the textures, over the same seeds and in 26 minutes
for all five on one core, ``filling_l1`` is 0.163 [0.160, 0.165] (mean 0.222, biharmonic
surface 0.214), and ``filling_mse`` is 0.056 [0.055, 0.057] (0.080, 0.103). Large holes
are smooth where the texture is coarse.
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
        config.steps = 500
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
