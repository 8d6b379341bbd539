"""Losses × regularisers with a DCGAN on MNIST, five seeds each.

    python scripts/sweep.py --config=configs/sweeps/mnist_losses.py \\
        --workdir=runs/mnist_losses --config.data.dir=DIR

80 trials of 20,000 steps in 16 programs; expected: hours on a GPU, five days on two
CPU cores. Ours: not run.
"""

from configs import dcgan_mnist
from configs.images import both
from ganjax.space import grid, product, seeds

LOSSES = ("non_saturating", "least_squares", "wasserstein", "relativistic_pairing")
# No normalisation of batches, which a penalty on a single sample's gradient would see.
PENALTIES = (
    {},
    {"regularizers.r1.weight": 1.0},
    {"regularizers.wgan_gp.weight": 10.0},
    {"regularizers.dragan.weight": 10.0},
)

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = dcgan_mnist.get_config()
    config.networks.discriminator.normalization = "none"
    config.evaluation = {
        "names": ("frechet", "precision_recall", "classes"),
        "extractor": "small_cnn_mnist",
        "every": 5000,
        "samples": 5000,
    }
    if arg == "tiny":
        config.data = {"name": "gratings32"}
        config.batch_size = 8
        config.networks = both(name="dcgan", width=4, normalization="none")
        config.evaluation = {"names": ()}
    return config


def sweep(arg=""):
    return product(grid({"loss.name": LOSSES}), list(PENALTIES), seeds(5))
