"""CycleGAN (Zhu et al. 2017, arXiv 1703.10593) between digits and their twins, turned
by 15° and dark for bright; no digit is seen in both domains.

    python scripts/train.py --config=configs/cyclegan_mnist.py --workdir=runs/cyclegan
    python scripts/sample.py --workdir=runs/cyclegan --mode=translations

Expected in 20 minutes on 2 CPU cores: the mean absolute error of translated twins from
the digits that they are of falls to less than a fifth of that before training, 1.04
(``translation_l1``), and a classifier reads the class of at least 90 % of them
(``translation_class``). Found: .157, and 96.5 %. Most of this is brightness: digits
that are inverted and not turned back have .170 (docs/gallery.md). The identity term
would ask for the opposite of a translation and is off.
"""

from configs import images


def get_config():
    config = images.mnist("cyclegan", "mnist_twins")
    config.steps = 2000
    config.batch_size = 16
    translator = {"name": "cyclegan_resnet", "width": 12, "blocks": 3}
    critic = {
        "name": "patchgan", "width": 16, "layers": 2, "normalization": "spectral",
    }  # fmt: skip
    config.networks = {
        "a_to_b": translator,
        "b_to_a": translator,
        "critic_a": critic,
        "critic_b": critic,
    }
    config.weights = {"cycle": 10.0, "identity": 0.0}
    config.loss = {"name": "least_squares"}
    config.optimizers = {
        "generators": {"learning_rate": 5e-4, "b1": 0.5},
        "critic_a": {"learning_rate": 2e-4, "b1": 0.5},
        "critic_b": {"learning_rate": 2e-4, "b1": 0.5},
    }
    config.evaluation.names = ("translation",)
    return config
