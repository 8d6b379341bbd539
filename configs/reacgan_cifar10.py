"""ReACGAN on CIFAR-10 (Kang et al. 2021, arXiv 2111.01118): the networks of
configs/biggan_cifar10.py with the D2D-CE loss.

    ganjax train --config=reacgan_cifar10 \\
        --workdir=runs/reacgan --config.data.dir=DIR

Published: FID 3.87 in PyTorch-StudioGAN. Their run has the networks of their BigGAN,
batches of 128, a learning rate of 2.8e-4, and embeddings of size 512, where ours have
64. Ours: not run.
"""

from configs import biggan_cifar10

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = biggan_cifar10.get_config(arg)
    config.conditioning.update({"discriminator": "data_to_data", "weight": 0.5})
    return config
