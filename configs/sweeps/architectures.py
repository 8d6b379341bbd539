"""Sweep of four architectures × three augmentations of the discriminator's input, on
CIFAR-10 with three seeds.

    ganjax sweep --config=sweeps/architectures \\
        --workdir=runs/architectures --config.data.dir=DIR

36 trials of 50,000 steps in 12 compiled programs. Expected time: days on a GPU.
Ours: not run.
"""

from configs.images import adam, both, cifar10, tiny
from ganjax.space import product, seeds

NETWORKS = ("dcgan", "sngan_resnet", "stylegan2", "r3gan")
AUGMENTATIONS = (
    {},
    {"augmentation.names": ("flip",)},
    {"augmentation.names": ("colour", "translation", "cutout")},
)
SIZES = {
    "dcgan": {"width": 4},
    "sngan_resnet": {"width": 4},
    "stylegan2": {"channel_base": 1024, "channel_max": 8},
    "r3gan": {"width": 8, "group": 4},
}

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = cifar10()
    config.steps = 50_000
    config.networks = both(name="dcgan")
    config.regularizers = {"r1": {"weight": 1.0}}
    config.optimizers = both(**adam(2e-4, b2=0.9))
    config.evaluation = {
        "names": ("frechet", "precision_recall"),
        "extractor": "effnet_lite0",
        "every": 10_000,
        "samples": 10_000,
        "real": 10_000,
    }
    if arg == "tiny":
        config.evaluation = {"names": ()}
        return tiny(config)
    return config


def sweep(arg=""):
    networks = [
        {
            f"networks.{network}.{field}": value
            for network in ("generator", "discriminator")
            for field, value in {
                "name": name,
                **(SIZES[name] if arg == "tiny" else {}),
            }.items()
        }
        for name in NETWORKS
    ]
    return product(networks, list(AUGMENTATIONS), seeds(3))
