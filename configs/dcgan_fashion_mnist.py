"""DCGAN on Fashion-MNIST, 28×28 (Radford et al. 2016, arXiv 1511.06434).

    ganjax train --config=dcgan_fashion_mnist \\
        --workdir=runs/fashion_mnist --config.data.dir=DIR

DIR is the folder that ``ganjax prepare fashion_mnist`` made, or a folder with the four
IDX files (plain or .gz).

Expected: nothing is measured yet. The config was tested for 200 steps only.
"""

from configs import dcgan_mnist


def get_config():
    config = dcgan_mnist.get_config()
    config.data = {"name": "fashion_mnist"}
    return config
