"""A small StyleGAN2 on MNIST, for pictures of mixed styles (Karras et al. 2020,
arXiv 1912.04958; mixing is by Karras et al. 2019, arXiv 1812.04948, section 3.1).

    ganjax train --config=stylegan2_mnist --workdir=runs/styles
    ganjax sample --workdir=runs/styles --mode=mixing
"""

from configs import images


def get_config():
    config = images.mnist()
    config.steps = 2000
    config.batch_size = 32
    config.latents = {"name": "normal", "size": 64}
    size = {"name": "stylegan2", "channel_base": 1024, "channel_max": 64}
    config.networks = {
        "generator": {**size, "mapping_layers": 4, "intermediate": 64},
        "discriminator": size,
    }
    config.regularizers = {"r1": {"weight": 1.0, "interval": 16}}
    rate = images.adam(2e-3, b2=0.99)
    config.optimizers = {"generator": rate, "discriminator": rate}
    config.ema = {"half_life": 100.0}
    config.evaluation.names = ("classes", "frechet")
    return config
