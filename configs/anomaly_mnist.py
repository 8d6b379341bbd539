"""Anomalies among digits: GANomaly (Akcay et al. 2018, arXiv 1805.06725) learns from
zeros alone, and is to tell them from all other digits.

    python scripts/train.py --config=configs/anomaly_mnist.py --workdir=runs/anomaly

``:f_anogan`` trains f-AnoGAN (Schlegl et al. 2019) in its place.
``--config.data.classes=K`` makes another class the normal one, and
``--config.data.name=fashion_mnist`` takes garments; configs/sweeps/anomaly.py goes
through all classes.

Expected in 1 minute on 2 CPU cores: an area under the ROC curve
(``anomalies_auroc``) beside that of a reconstruction from principal components
(``anomalies_auroc_pca``).
"""

from configs import images

GAMES = ("ganomaly", "f_anogan")


def get_config(game="ganomaly"):
    if game not in GAMES:
        raise ValueError(f"expected one of {', '.join(map(repr, GAMES))}")
    config = images.mnist(game)
    config.steps = 2000
    config.data.classes = (0,)
    config.latents = {"name": "normal", "size": 32}
    config.networks = {
        name: {"widths": (256, 128)}
        for name in ("encoder", "discriminator", "second_encoder")
        if game == "ganomaly" or name != "second_encoder"
    }
    makes = "decoder" if game == "ganomaly" else "generator"
    config.networks[makes] = {"widths": (128, 256)}
    players = ("discriminator", "autoencoder")
    if game == "f_anogan":
        players = ("discriminator", "generator", "encoder")
        config.regularizers = {"r1": {"weight": 1.0, "player": "discriminator"}}
    config.optimizers = {name: {"learning_rate": 5e-4, "b1": 0.5} for name in players}
    config.evaluation = {"names": ("anomalies",), "extractor": ""}
    config.parallel = {"inner_steps": 10}
    return config
