"""BigGAN on ImageNet at 128×128 (Brock et al. 2019, arXiv 1809.11096) as in the first
author's PyTorch code, BigGAN-PyTorch 9845943, ``scripts/launch_BigGAN_bs256x8.sh``.
Each update accumulates eight batches of 256 to a batch of 2,048.

    ganjax train --config=biggan_imagenet128 \\
        --workdir=runs/biggan128 --config.data.dir=DIR --config.parallel.devices=0

DIR is a folder with one subfolder for each class, which holds images of 128×128
pixels. ``parallel.devices=0`` uses all devices.

Published: IS 97.35 ± 1.79, just before the run collapsed, in at most 150,000 steps.
Ours: not run.

Two points differ: the labels of generated samples and the first biases, as in
``biggan_cifar10``. The paper has rates of 5e-5 and 2e-4 and two discriminator updates
per step, an orthogonal term of weight 1e-4, and standing statistics. That code runs
until someone stops it.
"""

from ml_collections import ConfigDict

from configs.images import adam, both, tiny

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = ConfigDict()
    config.game = "conditional_gan"
    config.steps = 150_000
    config.batch_size = 256
    config.data = {"name": "image_folder"}
    config.latents = {"name": "normal", "size": 120}
    config.networks = both(name="biggan", width=96)
    config.conditioning = {
        "generator": "conditional_batch_norm",
        "discriminator": "projection",
    }
    config.loss = {"name": "hinge"}
    config.passes = "joined"
    # An update takes eight turns.
    eight = {"updates_per_step": 8, "accumulate": 8}
    config.optimizers = {
        "discriminator": adam(4e-4, b2=0.999, eps=1e-6, **eight),
        "generator": adam(1e-4, b2=0.999, eps=1e-6, **eight),
    }
    config.ema = {"decay": 0.9999, "begin": 20_000}
    if arg == "tiny":
        for optimizer in config.optimizers.values():
            optimizer.update({"accumulate": 2, "updates_per_step": 2})
        return tiny(config, size=128, **both(width=4))
    return config
