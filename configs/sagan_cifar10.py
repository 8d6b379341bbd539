"""SAGAN on CIFAR-10 as PyTorch-StudioGAN trains it (947b35e,
src/configs/CIFAR10/SAGAN.yaml): attention at 16×16 in both networks, five discriminator
updates per step, Adam with ``eps`` 1e-6, mirrored data, standing statistics, and no
average.

    ganjax train --config=sagan_cifar10 --workdir=runs/sagan \\
        --config.data.dir=DIR

Published: FID 10.35 in PyTorch-StudioGAN, in mixed precision. Ours: not run. One
difference: there, the labels of generated samples are drawn; here they are the labels
of the real examples.

SAGAN's authors (Zhang et al. 2019, arXiv 1805.08318) have learning rates of 4e-4 and
1e-4 for the discriminator and the generator, b1 = 0, b2 = 0.9, one update of each, and
an average of the parameters.
"""

from configs.images import adam, both, cifar10, tiny

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = cifar10("conditional_gan")
    config.steps = 100_000
    config.data.mirror = True
    config.networks = both(name="sagan", initialiser="orthogonal", attention=16)
    config.networks.generator.update({"epsilon": 1e-4, "spectral_conditions": True})
    config.networks.discriminator.rectified_shortcut = True
    config.conditioning = {
        "generator": "conditional_batch_norm",
        "discriminator": "projection",
    }
    config.loss = {"name": "hinge"}
    config.optimizers = both(**adam(2e-4, b1=0.5, b2=0.999, eps=1e-6))
    config.optimizers.discriminator.updates_per_step = 5
    config.ema = {"decay": 0.0}
    config.passes = "separate"
    config.sampling = {"statistics": "standing"}
    return tiny(config, **both(width=8)) if arg == "tiny" else config
