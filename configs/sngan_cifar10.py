"""SNGAN with residual networks on CIFAR-10 (Miyato et al. 2018, arXiv 1802.05957) as in
the library mimicry, a7fda06. The generator's parameters are not averaged.

    ganjax train --config=sngan_cifar10 --workdir=runs/sngan \\
        --config.data.dir=DIR

Published: FID 16.77 ± 0.04 and IS 7.97 ± 0.06 in mimicry. Ours: not run.

One point differs: biases start at U(±1/√inputs) in mimicry, and at 0 here. The authors'
code repeats pixels to upsample, and its shortcuts do not read ReLU(x).
"""

from configs.images import adam, cifar10, tiny

ARGUMENTS = ("tiny",)


def get_config(arg="", game="gan"):
    config = cifar10(game)
    config.steps = 100_000
    config.networks = {
        "generator": {"name": "sngan_resnet", "upsampling": "bilinear"},
        "discriminator": {"name": "sngan_resnet", "rectified_shortcut": True},
    }
    config.loss = {"name": "hinge"}
    config.passes = "separate"
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
