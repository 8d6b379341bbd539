"""SNGAN with projection on CIFAR-10 (Miyato & Koyama 2018, arXiv 1802.05637) as in the
library mimicry, a7fda06.

    ganjax train --config=sngan_projection_cifar10 \\
        --workdir=runs/projection --config.data.dir=DIR

Published: FID 10.84 ± 0.03 and IS 8.25 ± 0.13 in mimicry. Ours: not run.

Two points differ. In mimicry generated samples have labels drawn uniformly, here the
labels of real examples. Biases start at U(±1/√inputs) there, and at 0 here.
"""

from configs import sngan_cifar10

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = sngan_cifar10.get_config(arg, game="conditional_gan")
    config.networks.generator.gain_deviation = 0.02
    config.conditioning = {
        "generator": "conditional_batch_norm",
        "discriminator": "projection",
    }
    return config
