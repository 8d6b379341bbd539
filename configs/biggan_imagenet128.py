"""BigGAN on ImageNet at 128×128 (Brock et al. 2019, arXiv 1809.11096, table 1, the row
before the last). Each update accumulates eight batches of 256 to a batch of 2,048.

    ganjax train --config=biggan_imagenet128 \\
        --workdir=runs/biggan128 --config.data.dir=DIR --config.parallel.devices=0

DIR is a folder with one subfolder for each class, which holds images of 128×128
pixels. ``parallel.devices=0`` uses all devices.

Published: FID 8.51 and IS 99.31. Ours: not run.
"""

from ml_collections import ConfigDict

from configs.images import adam, both, tiny

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = ConfigDict()
    config.game = "conditional_gan"
    config.steps = 165_000
    config.batch_size = 256
    config.precision = "bfloat16"
    config.data = {"name": "image_folder"}
    config.latents = {"name": "normal", "size": 120}
    config.networks = both(name="biggan", width=96)
    config.conditioning = {
        "generator": "conditional_batch_norm",
        "discriminator": "projection",
    }
    config.loss = {"name": "hinge"}
    # An update takes eight turns. A step has 2 updates of D (16 turns) and 1 of G (8).
    config.optimizers = {
        "discriminator": adam(2e-4, b2=0.999, updates_per_step=16, accumulate=8),
        "generator": adam(5e-5, b2=0.999, updates_per_step=8, accumulate=8),
    }
    config.terms = {"orthogonal_generator": {"weight": 1e-4}}
    config.ema = {"decay": 0.9999}
    config.sampling = {"statistics": "standing"}
    if arg == "tiny":
        for optimizer in config.optimizers.values():
            optimizer.update({"accumulate": 2, "updates_per_step": 2})
        return tiny(config, size=128, **both(width=4))
    return config
