"""R3GAN on CIFAR-10 by the authors' code (brownvc/R3GAN 19a7ddf; Huang et al. 2024,
arXiv 2501.05441), with the settings of its ``train.py --batch=512 --mirror=1 --aug=1
--cond=1 --preset=CIFAR10``. It has the relativistic pairing loss, R1 and R2 at every
step, mirrored data, and a burn-in with cosine schedules over 20 million images. Changes
of colour have half the probability of the other augmentations.

    ganjax train --config=r3gan_cifar10 \\
        --workdir=runs/r3gan --config.data.dir=DIR --config.parallel.devices=0

``parallel.devices=0`` uses all devices. What differs from that code: it computes the
largest three resolutions in bfloat16 (here ``precision`` is for all); the warp of
``geometric`` is bilinear, and theirs has wavelet filters; their cut-out is half as
likely at its outermost two places; its default length is 10 billion images (here 200
million, in 390,000 steps). Published: FID 1.96. Ours: not run.
"""

from configs.images import adam, both, cifar10, tiny

BURN_IN = 39_062  # steps of 512 images
ARGUMENTS = ("tiny",)


def cosine(knobs, end):
    return {"knobs": knobs, "shape": "cosine", "end": end, "steps": BURN_IN}


def get_config(arg=""):
    config = cifar10("conditional_gan")
    config.steps = 390_000
    config.batch_size = 512
    config.data.mirror = True
    config.latents.size = 64
    config.networks = both(name="r3gan")
    config.conditioning = {"generator": "embedding", "discriminator": "projection"}
    config.loss = {"name": "relativistic_pairing"}
    config.regularizers = {"r1": {"weight": 0.05}, "r2": {"weight": 0.05}}
    config.optimizers = both(**adam(2e-4, b2=0.9))
    config.augmentation = {
        "names": ("blit", "geometric", "colour_transform", "cutout"),
        "factors": (1.0, 1.0, 0.5, 1.0),
        "probability": 0.0,
    }
    config.schedules = {
        "augmentation": cosine("augmentation.probability", 0.55),
        "rate": cosine("optimizers.*.learning_rate", 5e-5),
        "penalty": cosine("regularizers.r1.weight, regularizers.r2.weight", 0.005),
        "memory": cosine("optimizers.*.b2", 0.99),
        "average": cosine("ema.half_life", 5000.0),
    }
    config.ema = {"half_life": 0.0, "ramp": 0.0}
    return tiny(config, **both(width=8, group=4)) if arg == "tiny" else config
