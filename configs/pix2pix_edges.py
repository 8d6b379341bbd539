"""pix2pix (Isola et al. 2017, arXiv 1611.07004): from the outlines of garments to the
garments of Fashion-MNIST.

    python scripts/train.py --config=configs/pix2pix_edges.py --workdir=runs/pix2pix
    python scripts/sample.py --workdir=runs/pix2pix --mode=translations

Wanted, and not reached yet (docs/gallery.md), in 4 minutes on 2 CPU cores: the Fréchet
distance of translations is below that of the same network without its discriminator
(``--config.weights.adversarial=0``), and their mean absolute error (``translation_l1``)
at most 10 % above its.
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
            "width": 16,
            "layers": 2,
            "normalization": "batch",
        },
    }
    config.optimizers = images.two_rates(1e-3, 2e-4)
    config.weights = {"l1": 50.0}
    config.evaluation.extractor = "small_cnn_fashion_mnist"
    config.evaluation.names = ("translation", "frechet")
    return config
