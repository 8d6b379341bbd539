"""ganjax's side: the games that are measured, and their compiled steps."""

import contextlib
from collections.abc import Mapping

import jax
import numpy as np
from ml_collections import ConfigDict

from configs import ring8 as ring8_config
from ganjax.build import Setup, build
from ganjax.config import resolve
from ganjax.core import (
    compile_step,
    init_state,
    make_train_step,
    replicate,
    stack_members,
)
from ganjax.data import Arrays, Source, Spec
from ganjax.networks import conv

SIZE = (32, 32, 3)
LATENTS = 128
# As many as CIFAR-10 has. Time does not depend on what is in a picture, so they are
# noise: no file is needed, and no two are equal.
IMAGES = 50_000


def noise_images(directory: str = "") -> Source:
    """``IMAGES`` random pictures of ``SIZE``, or as many as ``directory`` says."""
    count = int(directory or IMAGES)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (count, *SIZE), np.uint8)
    arrays = Arrays(pixels, np.zeros(count, np.int32))
    return Source(Spec("noise_images", SIZE), arrays, arrays)


def image_config(
    architecture: str,
    *,
    width: int = 64,
    batch_size: int = 64,
    precision: str = "float32",
    images: int = IMAGES,
    overrides: Mapping[str, object] = (),
) -> ConfigDict:
    """``dcgan``, ``sn_dcgan`` or ``sngan_resnet`` on noise images: non-saturating loss,
    Adam with 2e-4, .5, .999, batch norm in the generator, and in the discriminator
    spectral norm, or none for ``dcgan``."""
    normalization = "none" if architecture == "dcgan" else "spectral"
    stated = {
        "batch_size": batch_size,
        "precision": precision,
        "data": {"name": "benchmarks.models:noise_images", "dir": str(images)},
        "latents": {"name": "normal", "size": LATENTS},
        "networks": {
            "generator": {
                "name": architecture,
                "width": width,
                "normalization": "batch",
            },
            "discriminator": {
                "name": architecture,
                "width": width,
                "normalization": normalization,
            },
        },
    }
    return resolve(stated, {k: str(v) for k, v in dict(overrides).items()})


def ring_config(**overrides: object) -> ConfigDict:
    """``configs/ring8.py``; ``overrides`` are paths with ``__`` for dots."""
    texts = {path.replace("__", "."): str(v) for path, v in overrides.items()}
    return resolve(ring8_config.get_config(), texts)


class Steps:
    """A compiled step that goes on where the last call ended.

    Args:
      setup: what ``ganjax.build`` made.
      inner_steps: steps a call.
      form: of all convolutions, ``None`` for ganjax's own choice.
      population: how ``members`` run (see ``compile_step``); ``'solo'`` keeps every
        member a state of its own, advanced one after another by one solo program.
      devices: how many share the batch.
      options: of the compiler (see ``compile_step``).
    """

    def __init__(
        self,
        setup: Setup,
        *,
        inner_steps: int = 1,
        form: str | None = None,
        population: str | None = None,
        members: int = 1,
        devices: int = 1,
        options: Mapping[str, object] | None = None,
    ):
        used = jax.local_devices()[:devices]
        states = [
            init_state(setup.game, jax.random.key(seed), setup.knobs)
            for seed in range(members)
        ]
        if population not in (None, "solo"):
            states = [stack_members(states)]
        self._states = [replicate(state, used) for state in states]
        self._data = replicate(setup.feed.data, used)
        self._compiled = compile_step(
            make_train_step(setup.game, batch=setup.feed.batch),
            devices=used,
            inner_steps=inner_steps,
            population=None if population == "solo" else population,
            intervals=setup.game.intervals,
            compiler_options=options,
        )
        self.units = inner_steps * members
        # The form is chosen while tracing, which the first call does.
        with conv.form(form) if form else contextlib.nullcontext():
            self.run(1)

    def run(self, calls: int) -> None:
        """Makes ``calls`` dispatches of every state and waits for the last."""
        for _ in range(calls):
            for i, state in enumerate(self._states):
                self._states[i], _ = self._compiled(state, self._data)
        jax.block_until_ready(self._states)


class Programs:
    """Compiled steps of one image game, by name; fit for ``Child``.

    Args:
      architecture, options: as ``image_config`` takes them.
      programs: what ``Steps`` takes, of each.
    """

    def __init__(self, architecture: str, options: dict, programs: dict[str, dict]):
        setup = build(image_config(architecture, **options))
        self._steps = {name: Steps(setup, **how) for name, how in programs.items()}

    def run(self, name: str, calls: int) -> None:
        """``Steps.run`` of one of them."""
        self._steps[name].run(calls)
