"""StyleGAN2-ADA and R3GAN: names of parameters, and steps of the presets.

Both sides of a row import this module, so it needs no torch.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.build import build_game
from ganjax.config import knobs, resolve
from ganjax.core import compile_step, init_state, make_train_step
from ganjax.core.view import Network, View
from ganjax.data import source_of
from tests.parity import rule
from tests.parity.layouts import Mapped

CLASSES = 10
# Most of the time of a row is compilation. Less optimisation changes rounding only.
QUICKLY = {"xla_backend_optimization_level": 0}


# R3GAN


def r3gan_names(player: str, stages: int, blocks: int) -> Mapped:
    """Return torch name -> (Flax path, layout) of a conditional network of R3GAN."""
    made = {"EmbeddingLayer.weight": ("label_embedding/kernel", "linear")}
    generator = player == "generator"
    if generator:
        first, layout, outer = "MainLayers.0.Layers.0", "maps", "AggregationLayer"
        made[f"{first}.Basis"] = "basis", layout
    else:
        first, outer = f"MainLayers.{stages - 1}.Layers.{blocks}", "ExtractionLayer"
        made[f"{first}.Basis.weight"] = "basis", "depthwise"
    made[f"{first}.LinearLayer.weight"] = "Linear_0/kernel", "linear"
    made[f"{outer}.Layer.weight"] = "Conv_0/kernel", "conv"
    for stage in range(stages):
        for block in range(blocks):
            theirs = f"MainLayers.{stage}.Layers.{block + generator}"
            ours = f"Block_{stage * blocks + block}"
            for i in range(3):
                made[f"{theirs}.LinearLayer{i + 1}.Layer.weight"] = (
                    f"{ours}/Conv_{i}/kernel", "conv"
                )  # fmt: skip
            for i in range(2):
                made[f"{theirs}.NonLinearity{i + 1}.Bias"] = (
                    f"{ours}/Conv_{i}/bias", "same"
                )  # fmt: skip
    return made


# StyleGAN2


def stylegan2_values(name: str, shape: tuple[int, ...], unit: bool) -> np.ndarray:
    """Return the values of a parameter of StyleGAN2, near those at its start: kernels
    of the mapping are 100 times as large, and styles are near 1."""
    made = np.asarray(rule.parameter(name, shape, unit=True))
    if ".fc" in name and "mapping" in name:
        made = made * 100 if len(shape) > 1 else made
    return made + 1 if name.endswith("affine.bias") else made


def _pair(theirs, ours, layout="linear"):
    return {
        f"{theirs}.weight": (f"{ours}/kernel", layout),
        f"{theirs}.bias": (f"{ours}/bias", "same"),
    }


def _mapping(theirs, ours, layers, labelled):
    made = {}
    if labelled:
        made |= _pair(f"{theirs}.embed", f"{ours}/label_embedding")
    for i in range(layers):
        made |= _pair(f"{theirs}.fc{i}", f"{ours}/EqualisedLinear_{i}")
    return made


def stylegan2_generator_names(size: int, layers: int, labelled: bool) -> Mapped:
    """Return torch name -> (Flax path, layout) of StyleGAN2's generator.

    Args:
      size: side of an image.
      layers: layers of the mapping.
    """
    made = _mapping("mapping", "mapping", layers, labelled)
    made["synthesis.b4.const"] = "synthesis/constant", "maps"
    sides = [4 << i for i in range((size // 4).bit_length())]
    convs = 0
    for i, side in enumerate(sides):
        block = f"synthesis.b{side}"
        for conv in ("conv0", "conv1")[side == 4 :]:
            ours = f"synthesis/StyledConv_{convs}"
            theirs = f"{block}.{conv}"
            made |= _pair(theirs, ours, "flipped" if conv == "conv0" else "conv")
            made |= _pair(f"{theirs}.affine", f"{ours}/EqualisedLinear_0")
            made[f"{theirs}.noise_strength"] = f"{ours}/noise_strength", "same"
            convs += 1
        made |= _pair(f"{block}.torgb", f"synthesis/ToImage_{i}", "conv")
        made |= _pair(
            f"{block}.torgb.affine", f"synthesis/ToImage_{i}/EqualisedLinear_0"
        )
    return made


def stylegan2_discriminator_names(size: int, residual: bool, labelled: bool) -> Mapped:
    """Return torch name -> (Flax path, layout) of StyleGAN2's discriminator."""
    made = _pair(f"b{size}.fromrgb", "EqualisedConv_0", "conv")
    side, i = size, 0
    while side > 4:
        theirs, ours = f"b{side}", f"DiscriminatorBlock_{i}"
        made |= _pair(f"{theirs}.conv0", f"{ours}/EqualisedConv_0", "conv")
        made |= _pair(f"{theirs}.conv1", f"{ours}/EqualisedConv_1", "conv")
        if residual:
            made[f"{theirs}.skip.weight"] = f"{ours}/EqualisedConv_2/kernel", "conv"
        side, i = side // 2, i + 1
    made |= _pair("b4.conv", "EqualisedConv_1", "conv")
    made |= _pair("b4.fc", "EqualisedLinear_0", "of_4x4")
    if labelled:
        made |= _pair("b4.out", "EqualisedLinear_1")
        made |= _mapping("mapping", "Mapping_0", 8, True)
    else:
        made |= _pair("b4.out", "Linear_0")
    return made


# Steps of presets


def one_hot(label: np.ndarray) -> np.ndarray:
    """Return labels ``[n]`` as ``[n, CLASSES]``."""
    return np.eye(CLASSES, dtype=np.float32)[label]


def resolved(name: str, overrides: Mapping[str, str]):
    """Return a shipped config with overrides, complete."""
    stated = importlib.import_module(f"configs.{name}").get_config("tiny")
    return resolve(stated, overrides)


def built(config):
    """Return the game of a complete config."""
    return build_game(config, source_of(config.data))[0]


def begun(game, config, params: Mapping[str, Any], step: int):
    """Return the state of a game before ``step``, with ``params`` by network. Averages
    are copies, and the states of the optimizers are zeros, as Adam's are at first."""
    made = jax.eval_shape(lambda: init_state(game, jax.random.key(0), knobs(config)))
    state = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), made.replace(key=None))
    state = state.replace(
        key=jax.random.key(0),
        step=np.int32(step),
        params=dict(params),
        ema={n: {"params": params[n], **state.variables[n]} for n in game.ema},
        knobs={k: np.float32(x) for k, x in knobs(config).items()},
    )
    return jax.tree.map(jnp.array, state)


def taken(game, state, count: int, examples: Mapping, draws: Mapping):
    """Return the state after ``count`` steps of ``make_train_step``.

    Args:
      examples: name -> ``[count, rounds, n, …]``.
      draws: player -> name -> ``[count, turns, n, …]``.
    """
    first = int(state.step)

    def batch(data, key, step, axis):
        return jax.tree.map(lambda x: x[step - first], data["examples"])

    def drawn(data, step):
        return jax.tree.map(lambda x: x[step - first], data["draws"])

    step = make_train_step(game, batch=batch, draws=drawn)
    # Without ``intervals`` one program has the steps with and without lazy terms.
    advance = compile_step(step, compiler_options=QUICKLY)
    data = jax.tree.map(jnp.asarray, {"examples": dict(examples), "draws": dict(draws)})
    for _ in range(count):
        state, _ = advance(state, data)
    return state


def on_one_device(function: Callable, *arguments):
    """Return ``function(*arguments)``, compiled, with a data axis of one device."""
    mapped = jax.vmap(function, (None,) * len(arguments), axis_name="data", axis_size=1)
    return jax.tree.map(lambda x: x[0], compiled(mapped)(*arguments))


def compiled(function: Callable) -> Callable:
    """Return a function that is compiled for one use."""
    return jax.jit(function, compiler_options=QUICKLY)


def network_of(module) -> Network:
    """Return a module as a network of a game, without inputs for its initialisation."""
    return Network(module, ())


def view_of_parts(
    networks: Mapping, params: Mapping, variables: Mapping, drawn: Mapping
) -> View:
    """Return a view of networks without memory, knobs and examples."""
    return View(
        networks=networks,
        axis="data",
        params=dict(params),
        variables=dict(variables),
        memory={},
        knobs={},
        batch=None,
        key=jax.random.key(0),
        step=jnp.int32(0),
        drawn=drawn,
    )


def view_of(game, state, examples, drawn) -> View:
    """Return the view of a turn with these examples and draws."""
    return View(
        networks=game.networks,
        axis="data",
        params=state.params,
        variables=state.variables,
        memory=state.memory,
        knobs=state.knobs,
        batch=examples,
        key=state.key,
        step=state.step,
        drawn=drawn,
    )
