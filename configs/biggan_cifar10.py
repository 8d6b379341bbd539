"""BigGAN on CIFAR-10 (Brock et al. 2019, arXiv 1809.11096). The networks are the
paper's. Learning rates, updates per step and the average of the parameters are from the
first author's PyTorch code. On CIFAR-10 that code differs in four points: batches of
50, normal initialisation, no part of the latent for each block, and no shared
embedding.

    ganjax train --config=biggan_cifar10 --workdir=runs/biggan \\
        --config.data.dir=DIR

Published: FID 4.16 in PyTorch-StudioGAN. Their run has ``width`` 96, latents of size
80, attention, b1 = 0.5, five discriminator updates per step, and mirrored data. Ours:
not run.
"""

from configs.images import adam, both, cifar10, tiny

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = cifar10("conditional_gan")
    config.steps = 100_000
    config.networks = both(name="biggan", width=64)
    config.conditioning = {
        "generator": "conditional_batch_norm",
        "discriminator": "projection",
    }
    config.loss = {"name": "hinge"}
    config.optimizers = {
        "discriminator": adam(2e-4, b2=0.999, updates_per_step=4),
        "generator": adam(2e-4, b2=0.999),
    }
    config.ema = {"decay": 0.9999}
    config.sampling = {"statistics": "standing"}
    return tiny(config, **both(width=4)) if arg == "tiny" else config
