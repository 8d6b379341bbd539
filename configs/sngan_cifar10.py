"""SNGAN with residual networks on CIFAR-10 (Miyato et al. 2018, arXiv 1802.05957), with
the settings of the library mimicry. The generator's parameters are not averaged. One
difference: mimicry's generator upsamples bilinearly, and ours repeats pixels.

    ganjax train --config=sngan_cifar10 --workdir=runs/sngan \\
        --config.data.dir=DIR

Published: FID 16.77 ± 0.04 and IS 7.97 in mimicry. Ours: not run.
"""

from configs.images import adam, cifar10, tiny

ARGUMENTS = ("tiny",)


def get_config(arg="", game="gan"):
    config = cifar10(game)
    config.steps = 100_000
    config.networks = {
        "generator": {"name": "sngan_resnet"},
        "discriminator": {"name": "sngan_resnet"},
    }
    config.loss = {"name": "hinge"}
    config.ema = {"decay": 0.0}
    config.optimizers = {
        "discriminator": adam(2e-4, updates_per_step=5),
        "generator": adam(2e-4),
    }
    config.schedules = {
        "decay": {"knobs": "optimizers.*.learning_rate", "shape": "linear", "end": 0.0}
    }
    small = {"width": 4}
    return (
        tiny(config, generator=small, discriminator=small) if arg == "tiny" else config
    )
