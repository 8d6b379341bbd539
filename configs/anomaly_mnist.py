"""Anomalies among digits: GANomaly (Akcay et al. 2018, arXiv 1805.06725) learns from
zeros alone, and is to tell them from all other digits.

    python scripts/train.py --config=configs/anomaly_mnist.py --workdir=runs/anomaly

``:f_anogan`` trains f-AnoGAN (Schlegl et al. 2019) in its place, and ``:anogan`` AnoGAN
(Schlegl et al. 2017). ``--config.data.classes=K`` makes another class the normal one,
and ``--config.data.name=fashion_mnist`` takes garments; configs/sweeps/anomaly.py goes
through all classes.

Expected in 1 minute on 2 CPU cores, and in 2 for the others: an area under the ROC
curve (``anomalies_auroc``) beside that of a reconstruction from principal components
(``anomalies_auroc_pca``).
"""

from configs import images

# What makes examples, the other networks, and the players.
GAMES = {
    "ganomaly": (
        "decoder",
        ("encoder", "second_encoder", "discriminator"),
        ("discriminator", "autoencoder"),
    ),
    "f_anogan": (
        "generator",
        ("encoder", "discriminator"),
        ("discriminator", "generator", "encoder"),
    ),
    "anogan": ("generator", ("discriminator",), ("discriminator", "generator")),
}
ARGUMENTS = tuple(GAMES)


def get_config(game="ganomaly"):
    config = images.mnist(game)
    config.steps = 2000
    config.data.classes = (0,)
    config.latents = {"name": "normal", "size": 32}
    makes, others, players = GAMES[game]
    config.networks = {
        makes: {"widths": (128, 256)},
        **{name: {"widths": (256, 128)} for name in others},
    }
    if game != "ganomaly":
        config.steps = 8000  # a GAN that is inverted has to know its class well
        config.regularizers = {"r1": {"weight": 1.0, "player": "discriminator"}}
    config.optimizers = {name: {"learning_rate": 5e-4, "b1": 0.5} for name in players}
    config.evaluation = {"names": ("anomalies",), "extractor": ""}
    if game == "anogan":
        config.evaluation["real"] = 2000  # each is a descent of its own
    config.parallel = {"inner_steps": 10}
    return config
