"""SAGAN on CIFAR-10 (Zhang et al. 2019, arXiv 1805.08318). Each player has a separate
learning rate.

    ganjax train --config=sagan_cifar10 --workdir=runs/sagan \\
        --config.data.dir=DIR

Published: FID 10.35 in PyTorch-StudioGAN. Their run has a learning rate of 2e-4 for
both players, b1 = 0.5, five discriminator updates per step, and mirrored data. Ours:
not run.
"""

from configs.images import adam, both, cifar10, tiny

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = cifar10("conditional_gan")
    config.steps = 100_000
    config.networks = both(name="sagan")
    config.conditioning = {
        "generator": "conditional_batch_norm",
        "discriminator": "projection",
    }
    config.loss = {"name": "hinge"}
    config.optimizers = {"discriminator": adam(4e-4), "generator": adam(1e-4)}
    return tiny(config, **both(width=8)) if arg == "tiny" else config
