"""DCGAN on Fashion-MNIST, 28×28 (Radford et al. 2016, arXiv 1511.06434).

    python scripts/train.py --config=configs/dcgan_fashion_mnist.py \\
        --workdir=runs/fashion_mnist --config.data.dir=DIR

DIR holds the four IDX files (plain or .gz), or is the folder that
scripts/prepare_data.py fashion_mnist made.
"""

from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.steps = 20_000
    config.batch_size = 64
    config.data = {"name": "fashion_mnist"}
    config.latents = {"name": "uniform", "size": 100}
    config.networks = {
        "generator": {"name": "dcgan", "width": 64, "normalization": "batch"},
        "discriminator": {"name": "dcgan", "width": 64, "normalization": "batch"},
    }
    config.optimizers = {
        "discriminator": {"learning_rate": 2e-4, "b1": 0.5},
        "generator": {"learning_rate": 2e-4, "b1": 0.5},
    }
    config.samples = {"every": 1000, "count": 100}
    config.evaluation = {"names": ("pixels",), "every": 5000, "samples": 5000}
    config.checkpoint = {"every": 1000}
    return config
