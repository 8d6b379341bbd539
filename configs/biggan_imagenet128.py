"""BigGAN on ImageNet at 128×128 (Brock et al. 2019, arXiv 1809.11096, table 1, last row
but one), a batch of 2048 as eight of 256.

    python scripts/train.py --config=configs/biggan_imagenet128.py \\
        --workdir=runs/biggan128 --config.data.dir=DIR --config.parallel.devices=0

DIR is a folder with one folder a class, of images of 128×128. Published: FID 8.51,
IS 99.31. Ours: not run.
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
    # A step: two updates of the discriminator, one of the generator, of eight turns.
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
