"""Whole steps of games by the equations of their papers, in float64."""

import functools

import numpy as np

from ganjax.config import resolve
from ganjax.data.made_up import made_up
from ganjax.data.partial import partly_labelled
from tests.parity import rule
from tests.parity.fully_connected import (
    BATCH,
    HIDDEN,
    SIZE,
    samples,
    tensors_of,
    uniform,
)
from tests.parity.row import Row
from tests.parity.steps import Training, moved

CLASSES, LABELS = 4, 8
LATENT, CATEGORIES, NUMBERS = 3, 3, 2
# Gradient descent by this rate moves the parameters far, so that the movement gives the
# gradient with all its digits.
RATE = 64.0
CRITIC_TURNS, ADAM_RATE, PENALTY = 5, 0.01, 10.0
# name of the row -> weights of the adversarial loss, of known labels, and of feature
# matching
SEMI_SUPERVISED = {
    "semi_supervised_paper": (1.0, 1.0, 1.0),
    "semi_supervised_code": (0.5, 1.0, 1 / HIDDEN["discriminator"][-1]),
}
_DESCENT = {"name": "sgd", "learning_rate": RATE, "b1": 0.0}
DESCENT = {
    "dynamics": {"name": "simultaneous"},
    "optimizers": {"generator": _DESCENT, "discriminator": _DESCENT},
}
_ADAM = {"learning_rate": ADAM_RATE, "b1": 0.0, "b2": 0.9}


def _network(name):
    return {"widths": HIDDEN[name], "activation": "tanh"}


_SMALL = {
    "batch_size": BATCH,
    "data": {"name": "ring8"},
    "latents": {"size": LATENT},
    "networks": {name: _network(name) for name in ("generator", "discriminator")},
    **DESCENT,
}
_OWN = {
    "wgan_gp": {
        "loss": {"name": "wasserstein"},
        "regularizers": {"wgan_gp": {"weight": PENALTY}},
        "dynamics": {"name": "alternating"},
        "optimizers": {
            "generator": _ADAM,
            "discriminator": {**_ADAM, "updates_per_step": CRITIC_TURNS},
        },
    },
    "infogan": {
        "game": "infogan",
        "networks": {**_SMALL["networks"], "posterior": _network("posterior")},
        "options": {"categories": CATEGORIES, "continuous": NUMBERS},
    },
    "semi_supervised": {
        "game": "semi_supervised",
        "data": {"name": "ring8", "labels": LABELS},
        "weights": {"fooling": 0.0},
        "terms": {"feature_matching": {"weight": 1.0}},
    },
}


@functools.cache
def _training(name):
    source = made_up((SIZE,), CLASSES, count=2 * LABELS)
    if name == "semi_supervised":
        source = partly_labelled(source, LABELS, 0)
    return Training(resolve({**_SMALL, **_OWN[name]}), source)


def latents(game: str, player: str, turns: int = 1) -> np.ndarray:
    """Return latents ``[turns, BATCH, …]``; of InfoGAN with a category and numbers."""
    z = rule.numbers(f"{game}/latents/{player}", (turns, BATCH, LATENT))
    if game != "infogan":
        return z
    kinds = rule.labels(f"{game}/kinds/{player}", BATCH, CATEGORIES)
    numbers = rule.images(f"{game}/numbers/{player}", (1, BATCH, NUMBERS))
    one_hot = np.eye(CATEGORIES, dtype=np.float32)[None, kinds]
    return np.concatenate([z, one_hot, numbers], axis=-1)


def known() -> np.ndarray:
    """Return the labels of the labelled samples, ``[BATCH]``."""
    return rule.labels("known", BATCH, CLASSES)


def critic_batches() -> np.ndarray:
    """Return the real samples of each turn of the critic, ``[turns, BATCH, SIZE]``."""
    return np.stack([samples(f"real/{i}") for i in range(CRITIC_TURNS)])


def between() -> np.ndarray:
    """Return the shares of the fake samples in each turn of the critic."""
    return uniform("wgan_gp/turns", (CRITIC_TURNS, BATCH))


def _step(name, names, batch, metrics, *, draws=None, turns=1, numbers=None, **how):
    """Return the losses of one step of a game, and the movement or the gradients.

    Args:
      names: network -> its tensors.
      batch: field -> ``[rounds, n, …]``.
      draws: more draws of the discriminator, which has this many ``turns``.
      numbers: knobs that differ from the config.
      how: arguments of ``moved``.
    """
    z = {
        "discriminator": latents(name, "discriminator", turns),
        "generator": latents(name, "generator"),
    }
    drawn = {player: {"latents": x[None]} for player, x in z.items()}
    drawn["discriminator"] |= {k: x[None] for k, x in (draws or {}).items()}
    batches = {field: x[None] for field, x in batch.items()}
    own = {network: (x, f"{name}.{network}.") for network, x in names.items()}
    before, after, found = _training(name).run(own, batches, drawn, numbers=numbers)
    prefixes = {network: f"{network}." for network in names}
    result = {f"loss/{x}": found[x][0] for x in metrics}
    return result | moved(before, after, own, prefixes, **how)


GRADIENT = {"kind": "gradient", "scale": -1 / RATE}
_PLAIN = {"generator": tensors_of(2), "discriminator": tensors_of(3)}


def _wgan_gp(fixture):
    metrics = "discriminator/loss", "discriminator/wgan_gp", "generator/loss"
    draws, batch = {"penalty/wgan_gp": between()}, {"data": critic_batches()}
    return _step("wgan_gp", _PLAIN, batch, metrics, draws=draws, turns=CRITIC_TURNS)


def _infogan(fixture):
    metrics = [
        f"{player}/{name}"
        for player in ("discriminator", "generator")
        for name in ("loss", "category", "continuous")
    ]
    names = {**_PLAIN, "posterior": tensors_of(2)}
    return _step("infogan", names, {"data": samples("real")[None]}, metrics, **GRADIENT)


def _semi_supervised(row, fixture):
    # The generator compares features with other real samples than the critic.
    batch = {
        "data": np.stack([samples("real"), samples("others")]),
        "labelled": np.stack([samples("labelled")] * 2),
        "known": np.stack([known()] * 2),
    }
    weights = "weights.adversarial", "weights.supervised"
    weights = *weights, "terms.feature_matching.weight"
    numbers = dict(zip(weights, SEMI_SUPERVISED[row], strict=True))
    names = {**_PLAIN, "discriminator": tensors_of(3, last="classifier")}
    metrics = "discriminator/loss", "discriminator/supervised", "generator/loss"
    how = {"numbers": numbers, **GRADIENT}
    return _step("semi_supervised", names, batch, metrics, **how)


ROWS = [
    Row(
        "wgan_gp_step",
        (("penalties", "wgan_gp"), ("losses", "wasserstein")),
        "arXiv 1704.00028, algorithm 1",
        "five updates of the critic and one of the generator by Adam: losses and "
        "movement",
        _wgan_gp,
    ),
    Row(
        "infogan_step",
        (("games", "infogan"),),
        "arXiv 1606.03657, eqs. 5 and 6",
        "losses and gradients of both players, with a category and numbers as codes",
        _infogan,
        "log standard deviations are limited to [-5, 2], which this row does not reach",
    ),
    Row(
        "semi_supervised_paper",
        (("games", "semi_supervised"), ("terms", "feature_matching")),
        "arXiv 1606.03498, sections 3.1 and 5",
        "losses and gradients of both players, the generator's by feature matching",
        functools.partial(_semi_supervised, "semi_supervised_paper"),
    ),
    Row(
        "semi_supervised_code",
        (("games", "semi_supervised"), ("terms", "feature_matching")),
        "openai/improved-gan 4f5d1ec, train_mnist_feature_matching.py (formulas)",
        "losses and gradients of both players",
        functools.partial(_semi_supervised, "semi_supervised_code"),
        "the code halves the loss of unlabelled samples (weights.adversarial=0.5) and "
        "averages over features (weight 1 / features)",
    ),
]
