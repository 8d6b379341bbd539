"""CycleGAN: the image pool, whole steps, and numbers."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.games.cyclegan import POOL_SIZE, _exchange
from ganjax.schedules import schedule_of
from tests.parity import rule, translation, translation_names
from tests.parity.row import Row
from tests.parity.rows_translation_networks import SOURCE, WIDTH
from tests.parity.steps import moved
from tests.parity.tensors import first, last
from tests.parity.translation import EXAMPLES, LAYERS, RATE

POOL_SHAPE, POOL_QUERY = (72, 2, 3, 1), 6
SIZE, BLOCKS = 28, 1  # SIZE: of MNIST
# Our network -> the authors' network.
TRANSLATORS = {"a_to_b": "G_A", "b_to_a": "G_B", "critic_a": "D_B", "critic_b": "D_A"}
# The draws of each critic: swap above ½, and the slot.
CHANCES = {"critic_a": (0.2, 3), "critic_b": (0.9, 7)}
STEPS = {"cyclegan_step": 1, "cyclegan_5_steps": 5}
NAMES = {
    name: translation_names.patchgan(LAYERS, batch=False) if "critic" in name
    else translation_names.resnet(BLOCKS)
    for name in TRANSLATORS
}  # fmt: skip
LOSSES = {
    "generators": "generators/loss",
    "adversarial": "generators/adversarial",
    "cycle": "generators/cycle",
    "identity": "generators/identity",
    "critic_a": "critic_a/loss",
    "critic_b": "critic_b/loss",
}
EPOCHS = 200


def pool(fixture):
    images = last(rule.images("image_pool/images", POOL_SHAPE))
    held = {"images": jnp.zeros((POOL_SIZE, *images.shape[1:])), "filled": jnp.array(0)}
    swaps, slots = fixture.inputs["uniform"] > 0.5, fixture.inputs["slot"]
    shown, exchange = [], jax.jit(_exchange)
    for i in range(0, len(images), POOL_QUERY):
        part = slice(i, i + POOL_QUERY)
        held, out = exchange(held, images[part], swaps[part], slots[part])
        shown.append(out)
    return {
        "output/shown": first(jnp.concatenate(shown)),
        "output/pool": first(held["images"]),
    }


@functools.cache
def _training():
    options = {
        name: {"width": WIDTH, "normalization": "instance"} if "critic" in name
        else {"width": WIDTH, "blocks": BLOCKS}
        for name in TRANSLATORS
    }  # fmt: skip
    changes = {
        "batch_size": 1,
        "weights.identity": 5,
        "optimizers.generators.learning_rate": RATE,
        **{
            f"networks.{name}.{field}": value
            for name, own in options.items()
            for field, value in own.items()
        },
    }
    return translation.training("cyclegan_mnist", (SIZE, SIZE, 1), changes)


def stored(domain: str) -> np.ndarray:
    """Return the images of a full pool, ``[50, C, H, W]``."""
    return rule.images(f"cyclegan_step/pool_{domain}", (POOL_SIZE, 1, SIZE, SIZE))


def steps(row, fixture):
    training, count, memory = _training(), STEPS[row], {}
    if row == "cyclegan_step":
        memory = {
            f"pool_{domain}": {
                "images": last(stored(domain)),
                "filled": np.int32(POOL_SIZE),
            }
            for domain in ("a", "b")
        }
    draws = {
        name: {"pool": tuple(np.full((count, 1, 1), x) for x in (p > 0.5, slot))}
        for name, (p, slot) in CHANCES.items()
    }
    names = {
        name: (own, f"cyclegan.{TRANSLATORS[name]}.") for name, own in NAMES.items()
    }
    shape, rounds = (1, 1, SIZE, SIZE), training.game.rounds
    batches = translation.batches("cyclegan", count, shape, rounds)
    before, after, metrics = training.run(names, batches, draws, memory=memory)
    prefixes = {name: f"{theirs}." for name, theirs in TRANSLATORS.items()}
    return {
        **moved(before, after, names, prefixes),
        **{f"loss/{name}": metrics[ours] for name, ours in LOSSES.items()},
    }


def rates(fixture):
    """One step is one epoch."""
    section = {
        "knobs": "rate", "shape": "linear", "end": 0.0, "begin": 99, "steps": 101,
    }  # fmt: skip
    schedule = schedule_of([section], ["rate"], EPOCHS)
    start = {"rate": jnp.array(RATE)}
    found = jax.vmap(lambda step: schedule(start, step)["rate"])(
        jnp.arange(1, EPOCHS + 1)
    )
    return {"output/rate": np.asarray(found) / RATE}


def numbers(fixture):
    makes, judges = ("a_to_b", "cyclegan_resnet"), ("critic_a", "patchgan")
    weights = ("cycle", "identity")
    found = translation.defaults("cyclegan", "generators", makes, judges, weights)
    return found | {"output/pool": np.array(float(POOL_SIZE))}


_CYCLEGAN = ("games", "cyclegan"), ("configs", "cyclegan_mnist")
_STEP = (
    "losses and movement of all four networks, by the preset with instance "
    "normalisation, the rate 2e-4 and the identity weight 5"
)

ROWS = [
    Row(
        "image_pool",
        _CYCLEGAN[:1],
        SOURCE,
        "images that a critic sees, and images that the pool keeps, by recorded draws",
        pool,
    ),
    Row(
        "cyclegan_step",
        _CYCLEGAN,
        SOURCE,
        f"one step with full pools: {_STEP}",
        functools.partial(steps, "cyclegan_step"),
        EXAMPLES,
    ),
    Row(
        "cyclegan_5_steps",
        _CYCLEGAN,
        SOURCE,
        f"five steps from empty pools: {_STEP}",
        functools.partial(steps, "cyclegan_5_steps"),
        EXAMPLES,
    ),
    Row(
        "cyclegan_defaults",
        _CYCLEGAN[:1],
        SOURCE,
        "default widths, weights, size of the pool, rate and momentum",
        numbers,
    ),
    Row(
        "translation_rates",
        (("schedules", "linear"),),
        SOURCE,
        "the learning rate of 200 epochs",
        rates,
        "the authors' rate changes once an epoch, ours at each step",
    ),
]
