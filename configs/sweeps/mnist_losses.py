"""Sweep of four losses × four gradient penalties (one is none) with a DCGAN on MNIST,
with five seeds.

    ganjax sweep --config=sweeps/mnist_losses \\
        --workdir=runs/mnist_losses --config.data.dir=DIR

80 trials of 20,000 steps in 16 compiled programs. Expected time: hours on a GPU, or
five days on two CPU cores. Ours: not run.
"""

from configs import dcgan_mnist
from configs.images import both
from ganjax.space import grid, product, seeds

LOSSES = ("non_saturating", "least_squares", "wasserstein", "relativistic_pairing")
# No batch norm: these penalties need the gradient of one sample at a time.
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
        "real": 10_000,
    }
    if arg == "tiny":
        config.data = {"name": "gratings32"}
        config.batch_size = 8
        config.networks = both(name="dcgan", width=4, normalization="none")
        config.evaluation = {"names": ()}
    return config


def sweep(arg=""):
    return product(grid({"loss.name": LOSSES}), list(PENALTIES), seeds(5))
