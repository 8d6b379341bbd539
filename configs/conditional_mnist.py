"""A conditional GAN (Mirza & Osindero 2014, arXiv 1411.1784) of MNIST's digits.

    python scripts/train.py --config=configs/conditional_mnist.py --workdir=runs/cgan

The players are told the label beside their input. ``:auxiliary`` trains a
discriminator that also names the class (ACGAN; Odena et al. 2017, arXiv 1610.09585),
``:projection`` one that compares features with the class (Miyato & Koyama 2018, arXiv
1802.05637); their generators are told by conditional batch normalisation.

Expected in 5 minutes on 2 CPU cores: a classifier reads the class that was asked for
from at least 90 % of 5,000 samples (``classes_accuracy``). Discriminators that are
asked for the class have spectral norm; with batch norm fewer samples are of the class
that was asked for. ``:auxiliary`` has twice the steps: its players first agree on
classes that are not quite the digits.
"""

from configs import images

TOLD = {
    "": ("concatenation", "concatenation"),
    "auxiliary": ("conditional_batch_norm", "auxiliary_classifier"),
    "projection": ("conditional_batch_norm", "projection"),
}
ARGUMENTS = ("auxiliary", "projection")


def get_config(variant=""):
    config = images.mnist("conditional_gan")
    config.steps = 4000
    config.networks = images.both(name="dcgan", width=16, normalization="batch")
    if variant:
        config.networks.discriminator.normalization = "spectral"
    generator, discriminator = TOLD[variant]
    config.conditioning = {"generator": generator, "discriminator": discriminator}
    if variant == "auxiliary":
        # The best of the weights 1, 4 and 16 after 4,000 steps (docs/gallery.md).
        config.conditioning.weight = 4.0
        config.steps = 8000
    config.optimizers = images.two_rates()
    config.evaluation.names = ("classes", "frechet")
    return config
