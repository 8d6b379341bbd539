"""DCGAN on CIFAR-10 as PyTorch-StudioGAN trains it (947b35e,
src/configs/CIFAR10/DCGAN.yaml): the network ``deep_conv``, two discriminator updates
per step, Adam with ``eps`` 1e-6, mirrored data, standing statistics.

    ganjax train --config=dcgan_cifar10 --workdir=runs/dcgan \\
        --config.data.dir=DIR

Published: FID 48.29 in PyTorch-StudioGAN, in mixed precision. Ours: not run.

DCGAN's paper (Radford et al. 2016, arXiv 1511.06434) has the network ``dcgan``, batches
of 128, 100 uniform latents, one discriminator update per step, and normal initial
kernels.
"""

from configs.images import adam, both, cifar10, tiny

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = cifar10()
    config.steps = 200_000
    config.data.mirror = True
    config.networks = both(name="deep_conv")
    config.optimizers = both(**adam(2e-4, b1=0.5, b2=0.999, eps=1e-6))
    config.optimizers.discriminator.updates_per_step = 2
    config.ema = {"decay": 0.0}
    config.sampling = {"statistics": "standing"}
    return tiny(config, **both(width=4)) if arg == "tiny" else config
