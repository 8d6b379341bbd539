"""R3GAN: networks, loss and steps of the preset for CIFAR-10."""

import jax
import jax.numpy as jnp
import numpy as np

from tests.parity import nvidia, rule
from tests.parity.layouts import filled, named
from tests.parity.nvidia import CLASSES
from tests.parity.row import Row

SOURCE = "R3GAN"
N, SIZE, WIDTH, GROUP, LATENT, STAGES = 4, 8, 4, 4, 8, 2
# Blocks of a resolution, in the rows of networks and in the others.
NETWORK_BLOCKS, BLOCKS = 2, 1
# The burn-in has this many steps, the rows begin at this one and take five.
BURN_IN, FIRST, STEPS = 12, 3, 5
# The half-life of the average at the end of the burn-in, in images.
HALF_LIFE = 50
GAMMA = 0.8  # of the row ``r3gan_loss``
PLAYERS = ("discriminator", "generator")

OVERRIDES = {
    "data.name": f"gratings{SIZE}",
    "batch_size": str(N),
    "latents.size": str(LATENT),
    "augmentation.names": "()",
    "augmentation.factors": "()",
    "schedules.average.end": str(HALF_LIFE / 1000),
    "regularizers.r1.weight": str(GAMMA),
    "regularizers.r2.weight": str(GAMMA),
}
for _player in PLAYERS:
    OVERRIDES[f"networks.{_player}.width"] = str(WIDTH)
    OVERRIDES[f"networks.{_player}.group"] = str(GROUP)
for _schedule in ("augmentation", "rate", "penalty", "memory", "average"):
    OVERRIDES[f"schedules.{_schedule}.steps"] = str(BURN_IN)


def images(name: str, *sizes: int) -> np.ndarray:
    """Return images ``[*sizes, 3, SIZE, SIZE]`` for a name."""
    return rule.images(f"r3gan/{name}", (*sizes, 3, SIZE, SIZE))


def labels(name: str, *sizes: int) -> np.ndarray:
    """Return labels ``[*sizes]`` for a name."""
    n = int(np.prod(sizes))
    return rule.labels(f"r3gan/{name}", n, CLASSES).reshape(sizes)


def latents(name: str, *sizes: int) -> np.ndarray:
    """Return latents ``[*sizes, LATENT]`` for a name."""
    return rule.numbers(f"r3gan/{name}", (*sizes, LATENT))


def last(x: np.ndarray) -> jax.Array:
    """Return images of torch with the channels last."""
    return jnp.asarray(np.moveaxis(x, -3, -1))


def _game(blocks, **overrides):
    overrides |= {f"networks.{player}.blocks": str(blocks) for player in PLAYERS}
    config = nvidia.resolved("r3gan_cifar10", OVERRIDES | overrides)
    game = nvidia.built(config)
    names = {player: nvidia.r3gan_names(player, STAGES, blocks) for player in PLAYERS}
    params = {
        player: filled(
            jax.eval_shape(game.networks[player].initial, jax.random.key(0))["params"],
            names[player],
            f"r3gan/{player}/",
        )
        for player in PLAYERS
    }
    return config, game, names, params


def _generator(fixture):
    _, game, names, params = _game(NETWORK_BLOCKS)
    params, network = params["generator"], game.networks["generator"]
    z, label = latents("z", N), labels("label", N)
    probe = last(images("probe", N))

    def made(params):
        image = network.module.apply({"params": params}, z, label, train=True)
        return jnp.sum(image * probe), image

    slopes, image = nvidia.compiled(jax.grad(made, has_aux=True))(params)
    output = {"output/image": np.moveaxis(image, -1, 1)}
    return output | named(slopes, names["generator"], "gradient")


def _discriminator(fixture):
    _, game, names, params = _game(NETWORK_BLOCKS)
    params, network = params["discriminator"], game.networks["discriminator"]
    x, label = last(images("x", N)), labels("label", N)
    probe = jnp.asarray(rule.numbers("r3gan/logits", (N,)))

    def judged(params, x):
        logits = network.module.apply({"params": params}, x, label, train=True)
        return jnp.sum(logits * probe), logits

    (slopes, of_x), logits = nvidia.compiled(jax.grad(judged, (0, 1), has_aux=True))(
        params, x
    )
    output = {
        "output/logits": logits,
        "gradient/input": np.moveaxis(of_x, -1, 1),
    }
    return output | named(slopes, names["discriminator"], "gradient")


def _loss(fixture):
    config, game, names, params = _game(BLOCKS)
    state = nvidia.begun(game, config, params, 0)
    found = {}
    for player in game.players:
        name = player.name
        examples = {
            "data": last(images(f"{name}/real", N)),
            "label": labels(f"{name}/label", N),
        }
        drawn = {"latents": latents(f"{name}/z", N)}

        def objective(owned, player=player, examples=examples, drawn=drawn):
            now = state.replace(params={**state.params, **owned})
            return player.objective(owned, nvidia.view_of(game, now, examples, drawn))

        owned = {name: state.params[name]}
        differentiated = jax.value_and_grad(objective, has_aux=True)
        (loss, report), slopes = nvidia.on_one_device(differentiated, owned)
        found[f"loss/{name}"] = loss
        if name == "discriminator":
            found["loss/r1"] = 2 * report.metrics["r1"]
            found["loss/r2"] = 2 * report.metrics["r2"]
        found |= named(slopes[name], names[name], "gradient", f"{name}/")
    return found


def recorded() -> dict:
    """Return the examples and latents of the steps, in the layout of torch: player ->
    name -> ``[STEPS, N, …]``."""
    return {
        player: {
            "real": images(f"steps/{player}/real", STEPS, N),
            "label": labels(f"steps/{player}/label", STEPS, N),
            "z": latents(f"steps/{player}/z", STEPS, N),
        }
        for player in PLAYERS
    }


def _steps(fixture):
    weights = {"regularizers.r1.weight": "0.05", "regularizers.r2.weight": "0.05"}
    config, game, names, params = _game(BLOCKS, **weights)
    given = recorded()
    rounds = [given[player.name] for player in game.players]
    examples = {
        "data": last(np.stack([x["real"] for x in rounds], 1)),
        "label": np.stack([x["label"] for x in rounds], 1),
    }
    draws = {player: {"latents": x["z"][:, None]} for player, x in given.items()}
    state = nvidia.begun(game, config, params, FIRST)
    state = nvidia.taken(game, state, STEPS, examples, draws)
    found = {}
    trees = {player: state.params[player] for player in PLAYERS}
    trees["average"] = state.ema["generator"]["params"]
    for name, tree in trees.items():
        player = "generator" if name == "average" else name
        moved = jax.tree.map(
            lambda a, b: np.float64(a) - np.float64(b), tree, params[player]
        )
        found |= named(moved, names[player], "moved", f"{name}/")
    return found


_PRESET = (("configs", "r3gan_cifar10"),)
_NETWORK = (("architectures", "r3gan"), *_PRESET)

ROWS = [
    Row("r3gan_generator", _NETWORK, SOURCE,
        "conditional generator: images, gradients of all parameters", _generator),
    Row("r3gan_discriminator", _NETWORK, SOURCE,
        "conditional discriminator: logits, gradients of input and parameters",
        _discriminator),
    Row("r3gan_loss",
        (("losses", "relativistic_pairing"), ("penalties", "r1"), ("penalties", "r2"),
         *_PRESET),
        SOURCE, "both players' losses with R1 and R2, gradients", _loss),
    Row("r3gan_cifar10", _PRESET, SOURCE,
        "5 steps of the preset in its burn-in: networks and average", _steps,
        differs="the authors compute the largest three resolutions in bfloat16; here "
        "`precision` is float32"),
]  # fmt: skip
