"""DCGAN on Fashion-MNIST, 28×28 (Radford et al. 2016, arXiv 1511.06434).

    python scripts/train.py --config=configs/dcgan_fashion_mnist.py \\
        --workdir=runs/fashion_mnist --config.data.dir=DIR

DIR holds the four IDX files (plain or .gz), or is the folder that
scripts/prepare_data.py fashion_mnist made.
"""

from configs import dcgan_mnist


def get_config():
    config = dcgan_mnist.get_config()
    config.data = {"name": "fashion_mnist"}
    return config
