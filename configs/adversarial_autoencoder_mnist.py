"""Adversarial autoencoder on MNIST (Makhzani et al. 2016, arXiv 1511.05644).

    ganjax train --config=adversarial_autoencoder_mnist \\
        --workdir=runs/aae

A code has eight numbers. Variants: ``:plane`` has codes of two numbers, for a map of
the latent space (``ganjax sample --mode=latents``). ``:denoising`` adds noise with
standard deviation 0.5 to the encoder's input. ``:semi_supervised`` adds a class to the
code, learnt from 100 labels (section 5).

Expected in 3 minutes on 2 CPU cores: the Fréchet distance between codes and latents
(``fd_latents``) falls to a tenth of its first value. The reconstruction error is
reported as ``reconstruction_mse``.
"""

from configs import images

ARGUMENTS = ("plane", "denoising", "semi_supervised")


def get_config(variant=""):
    few_labels = variant == "semi_supervised"
    game = "semi_supervised_autoencoder" if few_labels else "adversarial_autoencoder"
    config = images.mnist(game)
    config.steps = 6000
    config.batch_size = 100
    config.latents = {"name": "normal", "size": 2 if variant == "plane" else 8}
    config.networks = {
        "encoder": {"widths": (512, 512)},
        "decoder": {"widths": (512, 512)},
        "discriminator": {"widths": (256, 256)},
    }
    config.weights = {"corruption": 0.5 if variant == "denoising" else 0.0}
    players = ["autoencoder", "encoder", "discriminator"]
    config.evaluation.names = ("latents", "reconstruction")
    if few_labels:
        config.data.labels = 100
        config.networks.class_discriminator = {"widths": (256, 256)}
        players += ["class_discriminator", "classifier"]
        config.evaluation.names += ("labels",)
    config.optimizers = {name: {"learning_rate": 5e-4, "b1": 0.5} for name in players}
    config.parallel = {"inner_steps": 10}
    return config
