"""CycleGAN and pix2pix: networks, the image pool, whole steps, and numbers."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.build import build_game
from ganjax.command_line import load_config
from ganjax.config import knobs, resolve
from ganjax.core import compile_step, make_train_step
from ganjax.data.made_up import made_up
from ganjax.games.cyclegan import POOL_SIZE, _exchange
from ganjax.networks import conv, cyclegan_resnet, patchgan, unet
from ganjax.schedules import schedule_of
from tests.parity import rule
from tests.parity.beginning import begun
from tests.parity.layouts import filled, named
from tests.parity.row import Row

SOURCE = "pytorch-CycleGAN-and-pix2pix"
WIDTH, RATE = 4, 2e-4

# --- Names of parameters: torch name -> (Flax path, layout) ---------------------------


def resnet_names(blocks: int) -> dict:
    """Biases before an instance normalisation have no effect, and are left out."""
    places = [1, 4, 7]
    inner = [f"{10 + i}.conv_block.{place}" for i in range(blocks) for place in (1, 5)]
    last = 10 + blocks
    found = [*places, *inner, last, last + 3, last + 7]
    ups = (last, last + 3)
    layouts = ["transposed" if place in ups else "conv" for place in found]
    names = {
        f"model.{place}.weight": (f"Conv_{i}/kernel", layout)
        for i, (place, layout) in enumerate(zip(found, layouts, strict=True))
    }
    last_bias = f"Conv_{len(found) - 1}/bias"
    return names | {f"model.{last + 7}.bias": (last_bias, "same")}


def patchgan_names(layers: int, batch: bool) -> dict:
    places = [0, *(2 + 3 * i for i in range(layers)), 2 + 3 * layers]
    names = {
        f"model.{place}.weight": (f"Conv_{i}/kernel", "conv")
        for i, place in enumerate(places)
    }
    for i in (0, layers + 1):
        names[f"model.{places[i]}.bias"] = f"Conv_{i}/bias", "same"
    for i, place in enumerate(places[1:-1] if batch else ()):
        names |= _scales(f"model.{place + 1}", i)
    return names


def unet_names(depth: int) -> dict:
    names, prefix = {}, "model.model"
    for level in range(depth):
        outer, inner = level == 0, level == depth - 1
        down, up = (0, 3) if outer else (1, 3) if inner else (1, 5)
        mirror = 2 * depth - 1 - level
        names[f"{prefix}.{down}.weight"] = f"Conv_{level}/kernel", "conv"
        names[f"{prefix}.{up}.weight"] = f"Conv_{mirror}/kernel", "transposed"
        if outer:
            names[f"{prefix}.{up}.bias"] = f"Conv_{mirror}/bias", "same"
        else:
            names |= _scales(f"{prefix}.{up + 1}", mirror - 2)
            if not inner:
                names |= _scales(f"{prefix}.{down + 1}", level - 1)
        prefix += ".1.model" if outer else ".3.model"
    return names


def _scales(torch_name, index):
    path = f"BatchNorm_{index}/norm"
    return {
        f"{torch_name}.weight": (f"{path}/scale", "same"),
        f"{torch_name}.bias": (f"{path}/bias", "same"),
    }


# XLA's form of convolutions compiles fastest. Its gradients of dead units are exact
# zeros, which Adam does not move.
in_stock_form = conv.form("stock")

# --- Networks -------------------------------------------------------------------------

# row -> (shape of the images [n, C, H, W], names)
NETWORKS = {
    "cyclegan_resnet": ((2, 3, 16, 24), resnet_names(6)),
    "patchgan_instance": ((2, 3, 40, 32), patchgan_names(3, batch=False)),
    "patchgan_batch": ((3, 6, 40, 32), patchgan_names(3, batch=True)),
    "unet": ((3, 3, 32, 32), unet_names(5)),
}


def _last(x):
    return jnp.moveaxis(jnp.asarray(x), 1, -1)


def _first(x):
    return np.moveaxis(np.asarray(x), -1, 1)


def _network(row, module):
    """Return the output of a network, and the gradient of its sum with weights."""
    shape, names = NETWORKS[row]
    x = _last(rule.images(f"{row}/images", shape))
    empty = jax.eval_shape(lambda: module.init(jax.random.key(0), x, train=True))
    params = filled(empty["params"], names, f"{row}.")
    others = {
        kind: jax.tree.map(lambda leaf: jnp.zeros(leaf.shape), tree)
        for kind, tree in empty.items()
        if kind != "params"
    }

    def weighed(params, x):
        y, _ = module.apply(
            {**others, "params": params}, x, train=True, mutable=list(others)
        )
        if y.ndim == 2:  # logits of patches
            sides = [n // 2**module.layers - 2 for n in x.shape[1:3]]
            y = y.reshape(-1, *sides, 1)
        n, h, w, c = y.shape
        weight = _last(rule.numbers(f"{row}/weight", (n, c, h, w)))
        return jnp.sum(y * weight), y

    def differentiated(params, x):
        gradients, y = jax.grad(weighed, (0, 1), has_aux=True)(params, x)
        return y, *gradients

    on_axis = jax.vmap(
        differentiated, in_axes=None, out_axes=None, axis_name="data", axis_size=1
    )
    y, by_params, by_x = jax.jit(on_axis)(params, x)
    return {
        "output/images": _first(y),
        "gradient/images": _first(by_x),
        **named(by_params, names, "gradient"),
    }


def _patchgan(row, normalization):
    module = patchgan.Discriminator(
        width=WIDTH, normalization=normalization, padding="one"
    )
    return lambda fixture: _network(row, module)


@in_stock_form
def _resnet(fixture):
    shape = NETWORKS["cyclegan_resnet"][0]
    module = cyclegan_resnet.Generator((*shape[2:], shape[1]), width=WIDTH)
    return _network("cyclegan_resnet", module)


@in_stock_form
def _unet(fixture):
    module = unet.Generator((32, 32, 3), width=WIDTH, depth=5, biases=False)
    return _network("unet", module)


# --- The image pool -------------------------------------------------------------------

POOL_SHAPE, POOL_QUERY = (72, 2, 3, 1), 6


def _pool(fixture):
    images = _last(rule.images("image_pool/images", POOL_SHAPE))
    pool = {"images": jnp.zeros((POOL_SIZE, *images.shape[1:])), "filled": jnp.array(0)}
    swaps, slots = fixture.inputs["uniform"] > 0.5, fixture.inputs["slot"]
    shown, exchange = [], jax.jit(_exchange)
    for i in range(0, len(images), POOL_QUERY):
        part = slice(i, i + POOL_QUERY)
        pool, out = exchange(pool, images[part], swaps[part], slots[part])
        shown.append(out)
    return {
        "output/shown": _first(jnp.concatenate(shown)),
        "output/pool": _first(pool["images"]),
    }


# --- Whole steps ----------------------------------------------------------------------

SIZE = 28  # of MNIST
BLOCKS, LAYERS = 1, 2
# Our network -> the authors' network.
TRANSLATORS = {"a_to_b": "G_A", "b_to_a": "G_B", "critic_a": "D_B", "critic_b": "D_A"}
# The draws of each critic: swap above ½, and the slot.
CHANCES = {"critic_a": (0.2, 3), "critic_b": (0.9, 7)}
STEPS = {"cyclegan_step": 1, "cyclegan_5_steps": 5}
NAMES = {
    name: patchgan_names(LAYERS, batch=False) if "critic" in name
    else resnet_names(BLOCKS)
    for name in TRANSLATORS
}  # fmt: skip


def _overrides(**values):
    return {name.replace("__", "."): str(value) for name, value in values.items()}


@functools.cache
def _cyclegan_game():
    networks = {
        f"networks.{name}.{field}": str(value)
        for name in TRANSLATORS
        for field, value in (
            ("width", WIDTH),
            *((("normalization", "instance"),) if "critic" in name else ()),
            *((("blocks", BLOCKS),) if "critic" not in name else ()),
        )
    }
    own = _overrides(
        batch_size=1, weights__identity=5, optimizers__generators__learning_rate=RATE
    )
    config = resolve(load_config("cyclegan_mnist"), networks | own)
    return _compiled(config, (SIZE, SIZE, 1))


def _compiled(config, shape):
    """Return the game of a config, its knobs, and its compiled step, which takes a
    batch and recorded draws as data."""
    game, _ = build_game(config, made_up(shape, count=1, pairs=True, drawn=False))
    step = make_train_step(
        game,
        batch=lambda data, key, step, axis: data["batch"],
        draws=lambda data, step: data["draws"],
    )
    return game, knobs(config), compile_step(step)


def _prefixed(row, names):
    return {
        name: (own, f"{row}.{TRANSLATORS.get(name, name)}.")
        for name, own in names.items()
    }


def _copied(params):
    # A step reuses the memory of its state.
    return jax.tree.map(np.array, params)


def _moved(before, after, names):
    found = {}
    for name, own in names.items():
        torch_name = TRANSLATORS.get(name, name)
        moved = jax.tree.map(lambda x, y: np.asarray(y) - x, before[name], after[name])
        found |= named(moved, own, "moved", f"{torch_name}.")
    return found


def domains(row: str, step: int, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Return the images of both domains at a step, ``[n, C, H, W]``."""
    return {name: rule.images(f"{row}/{name}/{step}", shape) for name in ("a", "b")}


def stored(domain: str) -> np.ndarray:
    """Return the images of a full pool, ``[50, C, H, W]``."""
    return rule.images(f"cyclegan_step/pool_{domain}", (POOL_SIZE, 1, SIZE, SIZE))


def _rounds(images, rounds):
    return {name: jnp.stack([_last(x)] * rounds) for name, x in images.items()}


def _cyclegan(row):
    @in_stock_form
    def ours(fixture):
        game, numbers, advance = _cyclegan_game()
        state = begun(game, numbers, _prefixed("cyclegan", NAMES))
        if row == "cyclegan_step":
            full = {
                f"pool_{domain}": {
                    "images": _last(stored(domain)),
                    "filled": np.int32(POOL_SIZE),
                }
                for domain in ("a", "b")
            }
            state = state.replace(memory={**state.memory, **full})
        before, rows = _copied(state.params), []
        draws = {
            name: {"pool": (jnp.array([[p > 0.5]]), jnp.array([[slot]]))}
            for name, (p, slot) in CHANCES.items()
        }
        for step in range(STEPS[row]):
            images = domains("cyclegan", step, (1, 1, SIZE, SIZE))
            data = {"batch": _rounds(images, game.rounds), "draws": draws}
            state, metrics = advance(state, data)
            rows.append(jax.device_get(metrics))
        losses = {
            "generators": "generators/loss",
            "adversarial": "generators/adversarial",
            "cycle": "generators/cycle",
            "identity": "generators/identity",
            "critic_a": "critic_a/loss",
            "critic_b": "critic_b/loss",
        }
        return {
            **_moved(before, jax.device_get(state.params), NAMES),
            **{
                f"loss/{name}": np.array([x[metric][0] for x in rows])
                for name, metric in losses.items()
            },
        }

    return ours


PAIR_SHAPE = (2, 1, 32, 32)
PAIR_NAMES = {
    "generator": unet_names(5),
    "discriminator": patchgan_names(LAYERS, batch=True),
}


@in_stock_form
def _pix2pix(fixture):
    own = _overrides(
        batch_size=PAIR_SHAPE[0],
        loss__name="non_saturating",
        weights__l1=100,
        weights__discriminator=0.5,
        networks__generator__width=WIDTH,
        networks__generator__biases=False,
        networks__discriminator__width=WIDTH,
        networks__discriminator__normalization="batch",
        networks__discriminator__padding="one",
        optimizers__generator__learning_rate=RATE,
        optimizers__discriminator__learning_rate=RATE,
    )
    config = resolve(load_config("pix2pix_edges"), own)
    game, numbers, advance = _compiled(config, (*PAIR_SHAPE[2:], 1))
    state = begun(game, numbers, _prefixed("pix2pix", PAIR_NAMES))
    before = _copied(state.params)
    batch = _rounds(domains("pix2pix", 0, PAIR_SHAPE), game.rounds)
    state, metrics = advance(state, {"batch": batch, "draws": {}})
    losses = {
        "discriminator": "discriminator/loss",
        "generator": "generator/loss",
        "adversarial": "generator/adversarial",
        "l1": "generator/l1",
    }
    return {
        **_moved(before, jax.device_get(state.params), PAIR_NAMES),
        **{f"loss/{name}": np.array(metrics[x]) for name, x in losses.items()},
    }


# --- Numbers --------------------------------------------------------------------------

EPOCHS = 200


def _rates(fixture):
    """One step is one epoch."""
    section = {
        "knobs": "rate", "shape": "linear", "end": 0.0, "begin": 99, "steps": 101,
    }  # fmt: skip
    schedule = schedule_of([section], ["rate"], EPOCHS)
    epochs = jnp.arange(1, EPOCHS + 1)
    start = {"rate": jnp.array(RATE)}
    rates = jax.vmap(lambda step: schedule(start, step)["rate"])(epochs)
    return {"output/rate": np.asarray(rates) / RATE}


def _numbers(game, player, makes, judges, weights):
    """Return the defaults of a game with its published networks."""
    config = resolve(
        {"game": game, "networks": {k: {"name": v} for k, v in (makes, judges)}}
    )
    optimizer, critic = config.optimizers[player], config.networks[judges[0]]
    numbers = {
        "rate/1e-4": optimizer.learning_rate / 1e-4,
        "beta1": optimizer.b1,
        "generator width": config.networks[makes[0]].width,
        "discriminator width": critic.width,
        "discriminator layers": critic.layers,
        **{name: config.weights[name] for name in weights},
    }
    return {f"output/{name}": np.array(float(x)) for name, x in numbers.items()}


def _cyclegan_numbers(fixture):
    makes, judges = ("a_to_b", "cyclegan_resnet"), ("critic_a", "patchgan")
    weights = ("cycle", "identity")
    found = _numbers("cyclegan", "generators", makes, judges, weights)
    return found | {"output/pool": np.array(float(POOL_SIZE))}


def _pix2pix_numbers(fixture):
    makes, judges = ("generator", "unet"), ("discriminator", "patchgan")
    return _numbers("pix2pix", "generator", makes, judges, ("l1",))


_CYCLEGAN = ("games", "cyclegan"), ("configs", "cyclegan_mnist")
_PIX2PIX = ("games", "pix2pix"), ("configs", "pix2pix_edges")
_STEP = (
    "losses and movement of all four networks, by the preset with instance "
    "normalisation, the rate 2e-4 and the identity weight 5"
)
_EXAMPLES = "the authors' players share the examples of a step; ours draw them apart"

ROWS = [
    Row(
        "cyclegan_resnet",
        (("architectures", "cyclegan_resnet"),),
        SOURCE,
        "images and gradients of the generator with 6 blocks",
        _resnet,
    ),
    Row(
        "patchgan_instance",
        (("architectures", "patchgan"),),
        SOURCE,
        "logits and gradients with instance normalisation",
        _patchgan("patchgan_instance", "instance"),
        "more patches by default; padding='one' makes them equal",
    ),
    Row(
        "patchgan_batch",
        (("architectures", "patchgan"),),
        SOURCE,
        "logits and gradients of pairs with batch normalisation",
        _patchgan("patchgan_batch", "batch"),
        "more patches by default; padding='one' makes them equal",
    ),
    Row(
        "unet",
        (("architectures", "unet"),),
        SOURCE,
        "images and gradients with batch normalisation, without dropout",
        _unet,
        "no dropout; biases of two layers, without them by biases=False",
    ),
    Row(
        "image_pool",
        _CYCLEGAN[:1],
        SOURCE,
        "images that a critic sees, and images that the pool keeps, by recorded draws",
        _pool,
    ),
    Row(
        "cyclegan_step",
        _CYCLEGAN,
        SOURCE,
        f"one step with full pools: {_STEP}",
        _cyclegan("cyclegan_step"),
        _EXAMPLES,
    ),
    Row(
        "cyclegan_5_steps",
        _CYCLEGAN,
        SOURCE,
        f"five steps from empty pools: {_STEP}",
        _cyclegan("cyclegan_5_steps"),
        _EXAMPLES,
    ),
    Row(
        "cyclegan_defaults",
        _CYCLEGAN[:1],
        SOURCE,
        "default widths, weights, size of the pool, rate and momentum",
        _cyclegan_numbers,
    ),
    Row(
        "pix2pix_step",
        _PIX2PIX,
        SOURCE,
        "one step: losses and movement, by the preset with the authors' losses, "
        "weights, normalisation and rate",
        _pix2pix,
        f"{_EXAMPLES}; no dropout",
        slow=True,
    ),
    Row(
        "pix2pix_defaults",
        _PIX2PIX[:1],
        SOURCE,
        "default widths, the weight of L1, rate and momentum",
        _pix2pix_numbers,
    ),
    Row(
        "translation_rates",
        (("schedules", "linear"),),
        SOURCE,
        "the learning rate of 200 epochs",
        _rates,
        "the authors' rate changes once an epoch, ours at each step",
    ),
]
