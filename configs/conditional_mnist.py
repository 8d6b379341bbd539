"""Conditional GAN on MNIST (Mirza & Osindero 2014, arXiv 1411.1784).

    ganjax train --config=conditional_mnist --workdir=runs/cgan

Both players get the label joined to their input. Variants: with ``:auxiliary`` the
discriminator also predicts the class (ACGAN; Odena et al. 2017, arXiv 1610.09585). With
``:projection`` the discriminator compares features with the class (Miyato & Koyama
2018, arXiv 1802.05637). In both variants the generator gets the label by conditional
batch normalisation. The discriminator has spectral norm, because with batch norm fewer
samples have the requested class. ``:auxiliary`` takes twice the steps, because its
players first agree on classes that differ from the digits.

Expected in 5 minutes on 2 CPU cores: a classifier finds the requested class in at least
90 % of 5,000 samples (``classes_accuracy``).
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
