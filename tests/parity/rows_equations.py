"""Losses, penalties and games by the equations of their papers, in float64."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.build import build_game
from ganjax.config import knobs, resolve
from ganjax.core import compile_step, make_train_step
from ganjax.data.made_up import made_up
from ganjax.data.partial import partly_labelled
from ganjax.networks import conv, mlp
from ganjax.objectives import LOSSES, REGULARIZERS
from tests.parity import rule
from tests.parity.beginning import begun
from tests.parity.layouts import filled, named
from tests.parity.row import Row

BATCH = 6  # samples of a batch
SIZE = 5  # numbers of a sample
CLASSES, LABELS = 4, 8
LATENT, CATEGORIES, NUMBERS = 3, 3, 2
HIDDEN = {"generator": (8,), "discriminator": (8, 6), "posterior": (7,)}
OUTPUTS = {"generator": SIZE, "discriminator": 1,
           "posterior": CATEGORIES + 2 * NUMBERS}  # fmt: skip
# Gradient descent by this rate moves the parameters far, so that the movement gives the
# gradient with all its digits.
RATE = 64.0

# --- Losses of given logits -----------------------------------------------------------


def logits() -> tuple[np.ndarray, np.ndarray]:
    """Return logits of real and of generated samples, ``[7]``."""
    real, fake = (rule.numbers(f"logits/{x}", (7,), 2.0) for x in ("real", "fake"))
    return real, fake


def _loss(name):
    def ours(fixture):
        found = {}
        for player in ("discriminator", "generator"):
            function = getattr(LOSSES[name], player)
            both = jax.jit(jax.value_and_grad(function, (0, 1)))
            loss, slopes = both(*logits())
            found[f"loss/{player}"] = loss
            found |= {
                f"gradient/{player}/{side}": slope
                for side, slope in zip(("real", "fake"), slopes, strict=True)
            }
        return found

    return ours


# --- Penalties of a given critic ------------------------------------------------------


def linear_names(layers: int, last: str = "") -> dict:
    """Return torch name -> (Flax path, layout) of fully connected layers."""
    paths = [f"Linear_{i}" for i in range(layers)]
    paths[-1] = last or paths[-1]
    return {
        f"{i}.{name}": (f"{path}/{flax}", layout)
        for i, path in enumerate(paths)
        for name, flax, layout in (
            ("weight", "kernel", "linear"),
            ("bias", "bias", "same"),
        )
    }


def samples(name: str, n: int = BATCH) -> np.ndarray:
    """Return samples ``[n, SIZE]``."""
    return rule.numbers(f"samples/{name}", (n, SIZE))


def uniform(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return numbers in [0, 1]."""
    return (rule.images(name, shape) + 1) / 2


# The draws of each penalty. WGAN-GP: the share of the fake sample. DRAGAN: α·u.
DRAWS = {
    "r1": np.zeros(BATCH, np.float32),
    "r2": np.zeros(BATCH, np.float32),
    "wgan_gp": uniform("wgan_gp/t", (BATCH,)),
    "dragan": uniform("dragan/alpha", (BATCH, 1)) * uniform("dragan/u", (BATCH, SIZE)),
}


def _penalty(name):
    def ours(fixture):
        module = mlp.Discriminator(widths=HIDDEN["discriminator"], activation="tanh")
        real, fake = map(jnp.asarray, (samples("real"), samples("fake")))
        names = linear_names(3)
        empty = jax.eval_shape(lambda: module.init(jax.random.key(0), real, train=True))
        params = filled(empty["params"], names, "critic.")

        def paid(params):
            def critic(x):
                return module.apply({"params": params}, x, train=True)

            return REGULARIZERS[name](critic, real, fake, jnp.asarray(DRAWS[name]))

        value, slopes = jax.jit(jax.value_and_grad(paid))(params)
        return {"loss/penalty": value, **named(slopes, names, "gradient")}

    return ours


# --- Whole steps of games -------------------------------------------------------------

_DESCENT = {"name": "sgd", "learning_rate": RATE, "b1": 0.0}
_SMALL = {
    "batch_size": BATCH,
    "data": {"name": "ring8"},
    "latents": {"size": LATENT},
    "networks": {
        name: {"widths": HIDDEN[name], "activation": "tanh"}
        for name in ("generator", "discriminator")
    },
    "dynamics": {"name": "simultaneous"},
    "optimizers": {"generator": _DESCENT, "discriminator": _DESCENT},
}
CRITIC_TURNS, ADAM_RATE, PENALTY = 5, 0.01, 10.0
_ADAM = {"learning_rate": ADAM_RATE, "b1": 0.0, "b2": 0.9}
SEMI_SUPERVISED = {
    # name of the row -> weights of the adversarial loss, of known labels, and of
    # feature matching
    "semi_supervised_paper": (1.0, 1.0, 1.0),
    "semi_supervised_code": (0.5, 1.0, 1 / HIDDEN["discriminator"][-1]),
}


@functools.cache
def _game(name):
    """Return ``(game, knobs, compiled step, parameter names)``."""
    source = made_up((SIZE,), CLASSES, count=2 * LABELS)
    names = {"generator": linear_names(2), "discriminator": linear_names(3)}
    stated = dict(_SMALL)
    if name == "wgan_gp":
        stated |= {
            "loss": {"name": "wasserstein"},
            "regularizers": {"wgan_gp": {"weight": PENALTY}},
            "dynamics": {"name": "alternating"},
            "optimizers": {
                "generator": _ADAM,
                "discriminator": {**_ADAM, "updates_per_step": CRITIC_TURNS},
            },
        }
    elif name == "infogan":
        posterior = {"widths": HIDDEN["posterior"], "activation": "tanh"}
        stated |= {
            "game": "infogan",
            "networks": {**_SMALL["networks"], "posterior": posterior},
            "options": {"categories": CATEGORIES, "continuous": NUMBERS},
        }
        names["posterior"] = linear_names(2)
    elif name == "semi_supervised":
        stated |= {
            "game": "semi_supervised",
            "data": {"name": "ring8", "labels": LABELS},
            "weights": {"fooling": 0.0},
            "terms": {"feature_matching": {"weight": 1.0}},
        }
        names["discriminator"] = linear_names(3, last="classifier")
        source = partly_labelled(source, LABELS, 0)
    config = resolve(stated)
    game, _ = build_game(config, source)
    step = make_train_step(
        game,
        batch=lambda data, key, step, axis: data["batch"],
        draws=lambda data, step: data["draws"],
    )
    return game, knobs(config), compile_step(step), names


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


def _step(name, batch, draws, metrics, *, kind="gradient", scale=RATE, **weights):
    """Return the losses of one step of a game, and the movement or the gradients."""
    game, numbers, advance, names = _game(name)
    state = begun(game, {**numbers, **weights}, _prefixed(name, names))
    before = jax.tree.map(np.array, state.params)  # a step reuses its state's memory
    state, found = advance(state, {"batch": batch, "draws": draws})
    moved = jax.tree.map(lambda x, y: (np.asarray(y) - x) / scale, before, state.params)
    result = {f"loss/{x}": np.asarray(found[x])[0] for x in metrics}
    for network, own in names.items():
        result |= named(moved[network], own, kind, f"{network}.")
    return result


def _prefixed(row, names):
    return {network: (own, f"{row}.{network}.") for network, own in names.items()}


def _drawn(name, turns=1):
    return {
        "discriminator": {"latents": latents(name, "discriminator", turns)},
        "generator": {"latents": latents(name, "generator")},
    }


def _wgan_gp(fixture):
    draws = _drawn("wgan_gp", CRITIC_TURNS)
    draws["discriminator"]["penalty/wgan_gp"] = between()
    metrics = "discriminator/loss", "discriminator/wgan_gp", "generator/loss"
    batch = {"data": critic_batches()}
    return _step("wgan_gp", batch, draws, metrics, kind="moved", scale=1.0)


INFOGAN_METRICS = tuple(
    f"{player}/{name}"
    for player in ("discriminator", "generator")
    for name in ("loss", "category", "continuous")
)
SEMI_SUPERVISED_METRICS = (
    "discriminator/loss", "discriminator/supervised", "generator/loss"
)  # fmt: skip


def _infogan(fixture):
    batch = {"data": samples("real")[None]}
    return _step("infogan", batch, _drawn("infogan"), INFOGAN_METRICS, scale=-RATE)


def _semi_supervised(row):
    adversarial, supervised, features = SEMI_SUPERVISED[row]

    def ours(fixture):
        # The generator compares features with other real samples than the critic.
        batch = {
            "data": np.stack([samples("real"), samples("others")]),
            "labelled": np.stack([samples("labelled")] * 2),
            "known": np.stack([known()] * 2),
        }
        weights = {
            "weights.adversarial": adversarial,
            "weights.supervised": supervised,
            "terms.feature_matching.weight": features,
        }
        draws = _drawn("semi_supervised")
        return _step(
            "semi_supervised", batch, draws, SEMI_SUPERVISED_METRICS, scale=-RATE,
            **weights,
        )  # fmt: skip

    return ours


# --- DCGAN ----------------------------------------------------------------------------

DCGAN = {"size": 64, "width": 2, "latents": 6, "batch": 4}


def dcgan_names() -> dict:
    """Return the names of both networks. Layer i of 4 is a convolution, with a
    normalisation if it is not the first or the last next to the image."""
    generator = {"project.weight": ("Linear_0/kernel", "linear")}
    discriminator = {"score.weight": ("Linear_0/kernel", "linear"),
                     "score.bias": ("Linear_0/bias", "same")}  # fmt: skip
    for i in range(4):
        generator[f"up.{i}.weight"] = f"Conv_{i}/kernel", "transposed"
        discriminator[f"down.{i}.weight"] = f"Conv_{i}/kernel", "conv"
        # The projection and all but the last layer of the generator are normalised.
        for name, flax in (("weight", "scale"), ("bias", "bias")):
            path = f"BatchNorm_{i}/norm/{flax}"
            generator[f"norm.{i}.{name}"] = path, "same"
            if i < 3:
                discriminator[f"norm.{i}.{name}"] = path, "same"
    generator["up.3.bias"] = "Conv_3/bias", "same"
    discriminator["down.0.bias"] = "Conv_0/bias", "same"
    return {"generator": generator, "discriminator": discriminator}


def dcgan_inputs() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return real images ``[n, 3, H, W]``, and the latents of each player."""
    n, size = DCGAN["batch"], DCGAN["size"]
    real = rule.images("dcgan/real", (n, 3, size, size))
    z = {
        player: rule.images(f"dcgan/latents/{player}", (n, DCGAN["latents"]))
        for player in ("discriminator", "generator")
    }
    return real, z


@conv.form("stock")  # it compiles fastest
def _dcgan(fixture):
    network = {"name": "dcgan", "width": DCGAN["width"], "normalization": "batch"}
    config = resolve(
        {
            **_SMALL,
            "batch_size": DCGAN["batch"],
            "latents": {"name": "uniform", "size": DCGAN["latents"]},
            "networks": {"generator": network, "discriminator": network},
        }
    )
    size = DCGAN["size"]
    game, _ = build_game(config, made_up((size, size, 3), count=1, drawn=False))
    step = make_train_step(
        game,
        batch=lambda data, key, step, axis: data["batch"],
        draws=lambda data, step: data["draws"],
    )
    real, z = dcgan_inputs()
    names = dcgan_names()
    state = begun(game, knobs(config), _prefixed("dcgan", names))
    before = jax.tree.map(np.array, state.params)
    data = {
        "batch": {"data": jnp.moveaxis(jnp.asarray(real), 1, -1)[None]},
        "draws": {player: {"latents": own[None]} for player, own in z.items()},
    }
    state, metrics = compile_step(step)(state, data)
    moved = jax.tree.map(lambda x, y: (x - np.asarray(y)) / RATE, before, state.params)
    found = {
        f"loss/{player}": np.asarray(metrics[f"{player}/loss"])[0] for player in names
    }
    for network, own in names.items():
        found |= named(moved[network], own, "gradient", f"{network}.")
    return found


# --- Rows -----------------------------------------------------------------------------

LOSS_SOURCES = {
    "minimax": "arXiv 1406.2661, eq. 1",
    "non_saturating": "arXiv 1406.2661, section 3",
    "least_squares": "arXiv 1611.04076, eq. 9",
    "least_squares_unhalved": "arXiv 1703.10593, section 4",
    "wasserstein": "arXiv 1701.07875, eq. 3",
    "hinge": "arXiv 1802.05957, eqs. 16 and 17",
    "relativistic_pairing": "arXiv 1807.00734, section 4.1 (RSGAN)",
    "relativistic_average": "arXiv 1807.00734, section 4.2 (RaSGAN)",
}
PENALTY_SOURCES = {
    "r1": "arXiv 1801.04406, eq. 9",
    "r2": "arXiv 1801.04406, eq. 10",
    "wgan_gp": "arXiv 1704.00028, eq. 3",
    "dragan": "arXiv 1705.07215, with the noise of the authors' code",
}

ROWS = [
    *(
        Row(
            f"loss_{name}",
            (("losses", name),),
            source,
            "losses of both players and their gradients by the logits",
            _loss(name),
        )
        for name, source in LOSS_SOURCES.items()
    ),
    *(
        Row(
            f"penalty_{name}",
            (("penalties", name),),
            source,
            "the penalty of a given critic and its gradient by the parameters",
            _penalty(name),
        )
        for name, source in PENALTY_SOURCES.items()
    ),
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
        _semi_supervised("semi_supervised_paper"),
    ),
    Row(
        "semi_supervised_code",
        (("games", "semi_supervised"), ("terms", "feature_matching")),
        "openai/improved-gan 4f5d1ec, train_mnist_feature_matching.py (formulas)",
        "losses and gradients of both players",
        _semi_supervised("semi_supervised_code"),
        "the code halves the loss of unlabelled samples (weights.adversarial=0.5) and "
        "averages over features (weight 1 / features)",
    ),
    Row(
        "dcgan_paper",
        (("architectures", "dcgan"),),
        "arXiv 1511.06434, section 3 and figure 1, in torch",
        "losses and gradients of both players at 64 pixels with batch normalisation",
        _dcgan,
        "kernels are 4×4; the authors' Theano code has 5×5",
    ),
]
