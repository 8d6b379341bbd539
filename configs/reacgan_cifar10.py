"""ReACGAN on CIFAR-10 (Kang et al. 2021, arXiv 2111.01118) as its authors train it in
PyTorch-StudioGAN (947b35e, src/configs/CIFAR10/ReACGAN.yaml): BigGAN's networks with
attention at 16×16, the D2D-CE loss with shifted negatives, five discriminator updates
per step, Adam with ``eps`` 1e-6, mirrored data, standing statistics.

    ganjax train --config=reacgan_cifar10 \\
        --workdir=runs/reacgan --config.data.dir=DIR

Published: FID 3.87 in PyTorch-StudioGAN, in mixed precision. Ours: not run. One
difference: there, the labels of generated samples are drawn; here they are the labels
of the real examples. That code's discriminator of width 96 has 192 channels, which are
four times the width here.

The paper's equation 9 does not shift the negatives (``conditioning.shift_negatives``).
BigGAN's authors have other settings for CIFAR-10, in configs/biggan_cifar10.py.
"""

from configs.images import adam, both, cifar10, tiny

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = cifar10("conditional_gan")
    config.steps = 100_000
    config.batch_size = 128
    config.data.mirror = True
    config.latents.size = 80
    config.networks = {
        "generator": {"name": "biggan", "width": 96, "epsilon": 1e-4},
        "discriminator": {"name": "biggan", "width": 48, "embedding": 512},
    }
    for network in config.networks.values():
        network.attention = 16
    config.networks.discriminator.rectified_shortcut = True
    config.conditioning = {
        "generator": "conditional_batch_norm",
        "discriminator": "data_to_data",
        "weight": 0.5,
        "shift_negatives": True,
    }
    config.loss = {"name": "hinge"}
    config.optimizers = both(**adam(2.8284271e-4, b1=0.5, b2=0.999, eps=1e-6))
    config.optimizers.discriminator.updates_per_step = 5
    config.ema = {"decay": 0.9999, "begin": 1001}  # its steps count from 0
    config.passes = "separate"
    config.sampling = {"statistics": "standing"}
    return tiny(config, **both(width=8)) if arg == "tiny" else config
