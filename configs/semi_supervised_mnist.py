"""Semi-supervised learning on MNIST by feature matching (Salimans et al. 2016, arXiv
1606.03498, section 5), with 100 labels.

    python scripts/train.py --config=configs/semi_supervised_mnist.py \
        --workdir=runs/few_labels

Fully connected networks, smaller than the paper's, with noise on what the discriminator
sees. ``--config.data.labels=N`` takes another number of labels, and
``--config.weights.adversarial=0`` learns from the labels alone;
configs/sweeps/semi_supervised_mnist.py compares the two at 20, 100 and 1,000 labels.

Expected, not run yet, on 2 CPU cores: an error on the 10,000 test digits below that of
the same network without the unlabelled ones (``labels_error``).
"""

from configs import images


def get_config():
    config = images.mnist("semi_supervised")
    config.steps = 3000
    config.data.labels = 100
    config.latents = {"name": "uniform", "size": 64}
    config.networks = {
        "generator": {"widths": (256, 256), "normalization": "batch"},
        "discriminator": {"widths": (256, 128)},
    }
    config.weights = {"fooling": 0.0}
    config.terms = {"feature_matching": {"weight": 1.0}}
    config.augmentation = {"noise": 0.3}
    config.optimizers = images.both(learning_rate=1e-3, b1=0.5)
    config.evaluation = {"names": ("labels",), "extractor": ""}
    config.parallel = {"inner_steps": 10}
    return config
