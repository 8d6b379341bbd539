"""ReACGAN on CIFAR-10 (Kang et al. 2021, arXiv 2111.01118): BigGAN's networks and the
D2D-CE loss.

    python scripts/train.py --config=configs/reacgan_cifar10.py \\
        --workdir=runs/reacgan --config.data.dir=DIR

Published: FID 3.87 (PyTorch-StudioGAN, with the networks that its BigGAN has, batches
of 128, a rate of 2.8e-4, and embeddings of 512 numbers, where these have 64). Ours: not
run.
"""

from configs import biggan_cifar10

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = biggan_cifar10.get_config(arg)
    config.conditioning.update({"discriminator": "data_to_data", "weight": 0.5})
    return config
