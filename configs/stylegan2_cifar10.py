"""StyleGAN2 on CIFAR-10 (Karras et al. 2020, arXiv 1912.04958), with the CIFAR settings
of ADA's code (arXiv 2006.06676): no style mixing, no path length penalty, and an R1
weight of 0.01.

    ganjax train --config=stylegan2_cifar10 \\
        --workdir=runs/stylegan2 --config.data.dir=DIR

Published: FID 3.78 in PyTorch-StudioGAN. Ours: not run.
"""

from configs.images import adam, both, cifar10, tiny

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = cifar10("conditional_gan")
    config.steps = 200_000
    config.latents.size = 512
    config.networks = {
        "generator": {"name": "stylegan2", "mapping_layers": 2, "mixing": 0.0},
        "discriminator": {
            "name": "stylegan2",
            "residual": False,
            "minibatch_std_group": 32,
        },
    }
    config.conditioning = {"generator": "embedding", "discriminator": "projection"}
    config.regularizers = {"r1": {"weight": 0.01, "interval": 16}}
    config.optimizers = both(**adam(2.5e-3, b2=0.99))
    config.ema = {"half_life": 500.0, "ramp": 0.05}
    if arg == "tiny":
        config.networks.generator.intermediate = 8
        return tiny(config, **both(channel_base=1024, channel_max=8))
    return config
