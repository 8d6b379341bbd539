"""BigGAN on CIFAR-10 (Brock et al. 2019, arXiv 1809.11096): the paper's networks, with
the rates, the updates and the average of the first author's PyTorch code, which there
has batches of 50, normal initialisation, and neither parts of the latent for each block
nor a shared embedding.

    python scripts/train.py --config=configs/biggan_cifar10.py --workdir=runs/biggan \\
        --config.data.dir=DIR

Published: FID 4.16 (PyTorch-StudioGAN, with ``width`` 96, 80-dimensional latents,
attention, b1 of .5, five updates of the discriminator, and mirrored data). Ours: not
run.
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
