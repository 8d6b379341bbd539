"""Sweep of the semi-supervised GAN on MNIST (Salimans et al. 2016, arXiv 1606.03498,
section 5): with unlabelled digits and without, for 20, 100 and 1,000 labels. Each of
the 5 seeds has a different choice of labels.

    ganjax sweep --config=sweeps/semi_supervised_mnist \\
        --workdir=runs/few_labels

The 30 trials take 25 minutes on 2 CPU cores that also do other work. ``:tiny`` uses 8×8
digits and takes seconds per compiled program. The settings were chosen on seed 7, which
is not in this sweep.

Expected mean errors for 20, 100 and 1,000 labels: 0.39, 0.10 and 0.05. From the labels
alone, without unlabelled digits: 0.46, 0.25 and 0.10.
"""

from configs import images, semi_supervised_mnist
from ganjax.space import grid, product, seeds, together

ARGUMENTS = ("tiny",)


def get_config(variant=""):
    config = semi_supervised_mnist.get_config()
    return images.shortest(config) if variant == "tiny" else config


def sweep(variant=""):
    return [
        {**point, "data.subset": point["seed"]}
        for point in product(
            grid({"data.labels": (20, 100, 1000)}),
            together(
                {
                    "weights.adversarial": (0.0, 1.0),
                    "regularizers.r1.weight": (0.0, 0.1),
                }
            ),
            seeds(5),
        )
    ]
