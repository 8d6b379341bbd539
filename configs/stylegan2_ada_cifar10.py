"""StyleGAN2 with adaptive augmentation on CIFAR-10 (ADA; Karras et al. 2020, arXiv
2006.06676). The augmentations are pixel blitting, geometry and colour. Their
probability adapts so that the mean sign of real logits is 0.6.

    ganjax train --config=stylegan2_ada_cifar10 \\
        --workdir=runs/ada --config.data.dir=DIR

Published: FID 2.31 in PyTorch-StudioGAN. Ours: not run.
"""

from configs import stylegan2_cifar10

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = stylegan2_cifar10.get_config(arg)
    if arg != "tiny":
        config.steps = 1_000_000
    config.augmentation = {
        "names": ("blit", "geometric", "colour_transform"),
        "adaptive": True,
        "target": 0.6,
    }
    return config
