"""Semi-supervised GAN on MNIST with 100 labels (Salimans et al. 2016, arXiv 1606.03498,
section 5). The discriminator has K + 1 classes.

    ganjax train --config=semi_supervised_mnist \\
        --workdir=runs/few_labels

The networks are fully connected and smaller than the paper's. The discriminator's input
has noise and its logit has an R1 penalty. ``--config.data.labels=N`` sets the number of
labels. Variants: ``:labels_alone`` learns only from the labelled digits. In
``:feature_matching`` the generator only matches features, as in the paper. It was not
better than the labels alone after 3 epochs; the paper trains for 300 epochs.
configs/sweeps/semi_supervised_mnist.py compares 20, 100 and 1,000 labels.

Expected in a minute on 2 CPU cores: an error on the 10,000 test digits
(``labels_error``) of 0.10. This is less than half the error of ``:labels_alone``, as a
mean over five seeds.
"""

from configs import images

ARGUMENTS = ("feature_matching", "labels_alone")


def get_config(variant=""):
    config = images.mnist("semi_supervised")
    config.steps = 3000
    config.data.labels = 100
    config.latents = {"name": "uniform", "size": 64}
    config.networks = {
        "generator": {"widths": (256, 256), "normalization": "batch"},
        "discriminator": {"widths": (256, 128)},
    }
    if variant == "feature_matching":
        config.weights = {"fooling": 0.0}
        config.terms = {"feature_matching": {"weight": 1.0}}
    elif variant == "labels_alone":
        config.weights = {"adversarial": 0.0}
    else:
        config.regularizers = {"r1": {"weight": 0.1}}
    config.augmentation = {"noise": 0.3}
    config.optimizers = images.both(learning_rate=1e-3, b1=0.5)
    config.evaluation = {"names": ("labels",), "extractor": "", "real": 10_000}
    config.parallel = {"inner_steps": 10}
    return config
