"""ReACGAN on CIFAR-10 (Kang et al. 2021, arXiv 2111.01118): BigGAN's networks and the
D2D-CE loss.

    python scripts/train.py --config=configs/reacgan_cifar10.py \\
        --workdir=runs/reacgan --config.data.dir=DIR

Published: FID 3.87 (PyTorch-StudioGAN). Ours: not run.
"""

from configs import biggan_cifar10


def get_config(arg=""):
    config = biggan_cifar10.get_config(arg)
    config.conditioning.update({"discriminator": "data_to_data", "weight": 0.5})
    return config
