"""pix2pix on Fashion-MNIST (Isola et al. 2017, arXiv 1611.07004): translation from the
outlines of garments to garments.

    ganjax train --config=pix2pix_edges --workdir=runs/pix2pix
    ganjax sample --workdir=runs/pix2pix --mode=translations

Expected in 8 minutes on 2 CPU cores, compared with the same network without its
discriminator (``--config.weights.adversarial=0``): a smaller Fréchet distance of the
translations, and a mean absolute error (``translation_l1``) at most 10 % larger. The
loss is least squares, as in CycleGAN, and the discriminator has spectral norm. With the
paper's loss and batch norm, these small networks drew a checked texture.
"""

from configs import images


def get_config():
    config = images.mnist("pix2pix", "edges_fashion_mnist")
    config.steps = 2000
    config.batch_size = 32
    config.networks = {
        "generator": {"name": "unet", "width": 24, "normalization": "batch"},
        "discriminator": {
            "name": "patchgan",
            "width": 32,
            "layers": 2,
            "normalization": "spectral",
        },
    }
    config.loss = {"name": "least_squares"}
    config.optimizers = images.two_rates(1e-3, 5e-4)
    # Least squares has its half already.
    config.weights = {"l1": 50.0, "discriminator": 1.0}
    config.evaluation.extractor = "small_cnn_fashion_mnist"
    config.evaluation.names = ("translation", "frechet")
    return config
