"""StyleGAN2 on CIFAR-10 by NVIDIA's code (NVlabs/stylegan2-ada-pytorch d72cc7d; Karras
et al. 2020, arXiv 1912.04958 and 2006.06676), with the settings of its ``train.py
--cfg=cifar --cond=1 --aug=noaug``: no style mixing, no path length penalty, a
discriminator without shortcuts, and an R1 weight of 0.01.

    ganjax train --config=stylegan2_cifar10 \\
        --workdir=runs/stylegan2 --config.data.dir=DIR

R1 has a separate update at every 16th step. For such penalties, at every k-th step,
the code multiplies Adam's rate (2.5e-3) by k/(k + 1) and raises β2 (0.99) to that
power. It does this with k = 4 for the generator also without a path length penalty.

Data are not mirrored. The authors' command for CIFAR-10 (in the README of their
TensorFlow version, NVlabs/stylegan2-ada) has no ``--mirror``, and the file names of
their networks for CIFAR-10 say the same. ``data.mirror`` mirrors.

What differs from that code: it computes all resolutions from 8 pixels on in float16,
with activations clamped to ±256, and a step begins with the generator's update.
Published: no number of that code without augmentation; with it see
``stylegan2_ada_cifar10``. Ours: not run.

PyTorch-StudioGAN has the same networks and rates. It takes 200,000 steps (here
1,562,500) and mirrors the data: FID 3.78.
"""

from configs.images import adam, cifar10, tiny

ARGUMENTS = ("tiny",)


def lazy(interval):
    """Return Adam's numbers for regularisation at every ``interval``-th step."""
    share = interval / (interval + 1)
    return adam(2.5e-3 * share, b2=0.99**share)


def get_config(arg=""):
    config = cifar10("conditional_gan")
    config.batch_size = 64
    config.steps = 1_562_500  # 100 million images
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
    config.regularizers = {"r1": {"weight": 0.01, "interval": 16, "apart": True}}
    config.optimizers = {"generator": lazy(4), "discriminator": lazy(16)}
    config.ema = {"half_life": 500.0, "ramp": 0.05}
    if arg == "tiny":
        config.networks.generator.intermediate = 8
        networks = {"channel_base": 1024, "channel_max": 8}
        return tiny(config, generator=networks, discriminator=networks)
    return config
