"""StyleGAN2 with adaptive augmentation on CIFAR-10 by NVIDIA's code
(NVlabs/stylegan2-ada-pytorch d72cc7d; ADA; Karras et al. 2020, arXiv 2006.06676), with
the settings of its ``train.py --cfg=cifar --cond=1``. The augmentations are pixel
blitting, geometry and colour. Their probability adapts at every fourth step, so that
the mean sign of real logits is 0.6.

    ganjax train --config=stylegan2_ada_cifar10 \\
        --workdir=runs/ada --config.data.dir=DIR

All else is in ``stylegan2_cifar10``; data are not mirrored. What differs from that
code: the warp is bilinear and theirs has wavelet filters, and blitting is a step before
it; their mean sign counts the batch of a separate R1 update once more. Published: FID
2.42 (conditional, tuned; arXiv 2006.06676, figure 11b). Ours: not run.

PyTorch-StudioGAN takes 1,000,000 steps (here 1,562,500) and mirrors the data: FID 2.31.
"""

from configs import stylegan2_cifar10

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = stylegan2_cifar10.get_config(arg)
    config.augmentation = {
        "names": ("blit", "geometric", "colour_transform"),
        "adaptive": True,
        "target": 0.6,
        "speed": 500.0,
        "interval": 4,
    }
    return config
