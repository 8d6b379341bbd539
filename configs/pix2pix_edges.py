"""pix2pix (Isola et al. 2017, arXiv 1611.07004): from the outlines of garments to the
garments of Fashion-MNIST.

    python scripts/train.py --config=configs/pix2pix_edges.py --workdir=runs/pix2pix
    python scripts/sample.py --workdir=runs/pix2pix --mode=translations

Expected in 8 minutes on 2 CPU cores: the Fréchet distance of translations is below that
of the same network without its discriminator (``--config.weights.adversarial=0``), and
their mean absolute error (``translation_l1``) at most 10 % above its. The loss is
CycleGAN's, by the same authors, and the discriminator has spectral norm: with the
paper's loss and batch norm a network as small as this one drew checks.
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
    config.weights = {"l1": 50.0}
    config.evaluation.extractor = "small_cnn_fashion_mnist"
    config.evaluation.names = ("translation", "frechet")
    return config
