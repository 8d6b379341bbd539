"""CycleGAN (Zhu et al. 2017, arXiv 1703.10593) between digits and their twins, turned
by a quarter and dark for bright; no digit is seen in both domains.

    python scripts/train.py --config=configs/cyclegan_mnist.py --workdir=runs/cyclegan
    python scripts/sample.py --workdir=runs/cyclegan --mode=translations

Wanted, and not reached yet (docs/gallery.md), on 2 CPU cores: the mean absolute error
of translated twins from the digits that they are of falls to a fifth of that at the
first step (``translation_l1``), and a classifier reads the class of at least 90 % of
them (``translation_class``). Fully connected translators can turn an image; the
identity term would ask for the opposite of a translation and is off.
"""

from configs import images


def get_config():
    config = images.mnist("cyclegan", "mnist_twins")
    config.steps = 6000
    config.networks = {
        "a_to_b": {"widths": ()},
        "b_to_a": {"widths": ()},
        "critic_a": {"widths": (256, 128)},
        "critic_b": {"widths": (256, 128)},
    }
    config.weights = {"cycle": 10.0, "identity": 0.0}
    config.loss = {"name": "least_squares"}
    # Critics without them see at once that backgrounds are not exactly flat.
    config.regularizers = {"r1": {"weight": 2.0}}
    config.augmentation = {"noise": 0.5}
    config.schedules = {"noise": {"knobs": "augmentation.noise", "end": 0.05}}
    config.optimizers = {
        "generators": {"learning_rate": 1e-3, "b1": 0.5},
        "critic_a": {"learning_rate": 2e-4, "b1": 0.5},
        "critic_b": {"learning_rate": 2e-4, "b1": 0.5},
    }
    config.evaluation.names = ("translation",)
    config.parallel = {"inner_steps": 10}
    return config
