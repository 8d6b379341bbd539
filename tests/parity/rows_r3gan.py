"""R3GAN: networks, loss and steps of the preset for CIFAR-10."""

import jax
import jax.numpy as jnp

from tests.parity import r3gan_names, rule
from tests.parity.given import PLAYERS, Given, as_steps
from tests.parity.networks import on_one_device, variables
from tests.parity.row import Row
from tests.parity.steps import Training, moved, resolved
from tests.parity.tensors import first, last, named
from tests.parity.views import view

SOURCE = "R3GAN"
N, SIZE, WIDTH, GROUP, LATENT, STAGES = 4, 8, 4, 4, 8, 2
# Blocks of a resolution, in the rows of networks and in the others.
NETWORK_BLOCKS, BLOCKS = 2, 1
# The burn-in has this many steps, the rows begin at this one and take five.
BURN_IN, FIRST, STEPS = 12, 3, 5
# The half-life of the average at the end of the burn-in, in images.
HALF_LIFE = 50
GAMMA = 0.8  # of the row ``r3gan_loss``
GIVEN = Given("r3gan", SIZE, LATENT)

CHANGES = {
    "data.name": f"gratings{SIZE}",
    "batch_size": N,
    "latents.size": LATENT,
    "augmentation.names": (),
    "augmentation.factors": (),
    "schedules.average.end": HALF_LIFE / 1000,
    "regularizers.r1.weight": GAMMA,
    "regularizers.r2.weight": GAMMA,
    **{
        f"schedules.{schedule}.steps": BURN_IN
        for schedule in ("augmentation", "rate", "penalty", "memory", "average")
    },
}


def _training(blocks, **changes):
    """Return the training of the preset, and the tensors of its networks."""
    options = {"width": WIDTH, "group": GROUP, "blocks": blocks}
    networks = {
        f"networks.{player}.{name}": value
        for player in PLAYERS
        for name, value in options.items()
    }
    config = resolved("r3gan_cifar10:tiny", CHANGES | networks | changes)
    names = {
        player: (getattr(r3gan_names, player)(STAGES, blocks), f"r3gan/{player}/")
        for player in PLAYERS
    }
    return Training(config), names


def _network(player, *inputs):
    """Return a network's module, tensors and parameters."""
    training, names = _training(NETWORK_BLOCKS)
    module = training.game.networks[player].module
    held = variables(module, *names[player], *inputs)
    return module, names[player][0], held["params"]


def _generator(fixture):
    given = GIVEN.latents("z", N), GIVEN.labels("label", N)
    module, names, params = _network("generator", *given)
    probe = last(GIVEN.images("probe", N))

    def made(params):
        image = module.apply({"params": params}, *given, train=True)
        return jnp.sum(image * probe), image

    slopes, image = on_one_device(jax.grad(made, has_aux=True), params)
    return {"output/image": first(image)} | named(slopes, names, "gradient")


def _discriminator(fixture):
    x, label = last(GIVEN.images("x", N)), GIVEN.labels("label", N)
    module, names, params = _network("discriminator", x, label)
    probe = rule.numbers("r3gan/logits", (N,))

    def judged(params, x):
        logits = module.apply({"params": params}, x, label, train=True)
        return jnp.sum(logits * probe), logits

    (slopes, of_x), logits = on_one_device(
        jax.grad(judged, (0, 1), has_aux=True), params, x
    )
    found = {"output/logits": logits, "gradient/input": first(of_x)}
    return found | named(slopes, names, "gradient")


def _loss(fixture):
    training, names = _training(BLOCKS)
    game, state = training.game, training.begun(names)
    found = {}
    for player in game.players:
        name = player.name
        examples = {
            "data": last(GIVEN.images(f"{name}/real", N)),
            "label": GIVEN.labels(f"{name}/label", N),
        }
        drawn = {"latents": GIVEN.latents(f"{name}/z", N)}

        def objective(owned, player=player, examples=examples, drawn=drawn):
            seen = view(
                {**state.params, **owned}, networks=game.networks,
                variables=state.variables, knobs=state.knobs, batch=examples,
                drawn=drawn,
            )  # fmt: skip
            return player.objective(owned, seen)

        differentiated = jax.value_and_grad(objective, has_aux=True)
        owned = {name: state.params[name]}
        (loss, report), slopes = on_one_device(differentiated, owned)
        found[f"loss/{name}"] = loss
        if name == "discriminator":
            found["loss/r1"] = 2 * report.metrics["r1"]
            found["loss/r2"] = 2 * report.metrics["r2"]
        found |= named(slopes[name], names[name][0], "gradient", f"{name}/")
    return found


def _steps(fixture):
    weights = {"regularizers.r1.weight": 0.05, "regularizers.r2.weight": 0.05}
    training, names = _training(BLOCKS, **weights)
    players = [player.name for player in training.game.players]
    given = as_steps(GIVEN.turns(STEPS, N), players)
    before, after, _ = training.run(names, *given, step=FIRST)
    return moved(before, after, names, {x: f"{x}/" for x in before})


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
