"""InfoGAN (Chen et al. 2016, arXiv 1606.03657) on MNIST: a code of one category in ten
and two numbers, found in digits without a label.

    python scripts/train.py --config=configs/infogan_mnist.py --workdir=runs/infogan
    python scripts/sample.py --workdir=runs/infogan --mode=codes

Expected in 4 minutes on 2 CPU cores: the bound of the information that a sample has of
its category reaches at least 2.2 nats (ln 10 = 2.303) over 5,000 samples
(``codes_bound``). Learning rates are the paper's (appendix C.1).
"""

from configs import images


def get_config():
    config = images.mnist("infogan")
    config.steps = 2500
    config.latents = {"name": "normal", "size": 62}
    config.networks = {
        **images.both(name="dcgan", width=16, normalization="batch"),
        "posterior": {"widths": (128,), "activation": "leaky_relu"},
    }
    config.optimizers = images.two_rates(1e-3, 2e-4)
    config.evaluation.names = ("codes", "classes")
    return config
