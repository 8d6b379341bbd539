"""Anomaly detection on MNIST with GANomaly (Akcay et al. 2018, arXiv 1805.06725). The
model learns from zeros only. All other digits are anomalies.

    ganjax train --config=anomaly_mnist --workdir=runs/anomaly

Variants: ``:f_anogan`` trains f-AnoGAN (Schlegl et al. 2019) and ``:anogan`` trains
AnoGAN (Schlegl et al. 2017). ``--config.data.classes=K`` makes class K the normal
class. ``--config.data.name=fashion_mnist`` uses garments. configs/sweeps/anomaly.py
runs all ten classes and has the measured mean scores.

The run takes 1 minute on 2 CPU cores, and the variants take 2 minutes. It reports the
area under the ROC curve (``anomalies_auroc``), and for comparison the area of a
reconstruction from principal components (``anomalies_auroc_pca``).
"""

from configs import images

# Game -> the network that makes examples, the other networks, and the players.
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
        config.steps = 8000  # inversion needs a GAN that is trained longer
        config.regularizers = {"r1": {"weight": 1.0, "player": "discriminator"}}
    config.optimizers = {name: {"learning_rate": 5e-4, "b1": 0.5} for name in players}
    config.evaluation = {"names": ("anomalies",), "extractor": "", "real": 10_000}
    if game == "anogan":
        config.evaluation["real"] = 2000  # each one needs a separate gradient descent
    config.parallel = {"inner_steps": 10}
    return config
