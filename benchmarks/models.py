"""The ganjax programs of the benchmark: configs and compiled steps."""

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
# The number of training images in CIFAR-10. The content of an image does not change the
# time, so the images are noise and no file is needed.
IMAGES = 50_000


def noise_images(directory: str = "") -> Source:
    """Return a data source of random images of ``SIZE``.

    Args:
      directory: the number of images as text; empty for ``IMAGES``.
    """
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
    """Return the config of an image game on noise images.

    The loss is non-saturating, and Adam has rate 2e-4 and betas (0.5, 0.999). The
    generator has batch norm. The discriminator has spectral norm, or no normalisation
    for ``dcgan``.

    Args:
      architecture: ``dcgan``, ``sn_dcgan`` or ``sngan_resnet``.
      width: the width of both networks.
      batch_size: images in a batch.
      precision: ``float32`` or ``bfloat16``.
      images: the number of images.
      overrides: further config fields, ``{path: value}``.
    """
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
    """Return the config of ``configs/ring8.py``.

    Args:
      overrides: config fields, ``path=value`` with ``__`` for each dot of the path.
    """
    texts = {path.replace("__", "."): str(v) for path, v in overrides.items()}
    return resolve(ring8_config.get_config(), texts)


class Steps:
    """A compiled training step. Each call continues from the states after the last
    call.

    Args:
      setup: the components of a config, from ``ganjax.build.build``.
      inner_steps: training steps in one call of the compiled program.
      form: how all convolutions are computed; ``None`` for ganjax's choice.
      population: how several training runs share a program (see ``compile_step``). With
        ``'solo'`` every run has a separate state, and one program advances them in
        turn.
      members: the number of training runs.
      devices: the number of devices that share the batch.
      options: options of the compiler (see ``compile_step``).
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
        # The first call traces the step, and tracing chooses the form.
        with conv.form(form) if form else contextlib.nullcontext():
            self.run(1)

    def run(self, calls: int) -> None:
        """Call the compiled program ``calls`` times on every state and wait for the
        last call."""
        for _ in range(calls):
            for i, state in enumerate(self._states):
                self._states[i], _ = self._compiled(state, self._data)
        jax.block_until_ready(self._states)


class Programs:
    """Compiled steps of one image game, by name, for a ``Child`` process.

    Args:
      architecture, options: arguments of ``image_config``.
      programs: ``{name: keyword arguments of Steps}``.
    """

    def __init__(self, architecture: str, options: dict, programs: dict[str, dict]):
        setup = build(image_config(architecture, **options))
        self._steps = {name: Steps(setup, **how) for name, how in programs.items()}

    def run(self, name: str, calls: int) -> None:
        """Call ``run(calls)`` of the compiled step with the name ``name``."""
        self._steps[name].run(calls)
