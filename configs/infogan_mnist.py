"""InfoGAN on MNIST (Chen et al. 2016, arXiv 1606.03657). The code is one of ten
categories and two numbers, learnt without labels.

    ganjax train --config=infogan_mnist --workdir=runs/infogan
    ganjax sample --workdir=runs/infogan --mode=codes

Expected in 4 minutes on 2 CPU cores: ``codes_bound``, a lower bound of the mutual
information of sample and category, reaches at least 2.2 nats over 5,000 samples. The
largest possible value is ln 10 = 2.303. Learning rates are the paper's (appendix C.1).
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
