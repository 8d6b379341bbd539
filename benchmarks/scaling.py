"""Rows about scale: several runs in one program, and a batch split over host
devices."""

import contextlib

import jax

from benchmarks.child import Child
from benchmarks.models import Steps, image_config, ring_config
from benchmarks.record import Part, Settings
from benchmarks.timing import Contender, compare
from ganjax.build import build


def population(settings: Settings) -> list[Part]:
    """Compare several runs of configs/ring8.py in one program with the same runs one
    after another."""
    setup = build(ring_config())
    inner = settings.size(100, 4)
    parts = []
    for members in settings.size((1, 4, 16), (1, 2)):
        contenders = []
        for name, how in (("solo runs", "solo"), ("vmap", "vmap"), ("map", "map")):
            steps = Steps(setup, inner_steps=inner, population=how, members=members)
            contenders.append(Contender(name, steps.run, steps.units))
        samples = compare(contenders, settings.windows)
        part = Part(
            f"{members} member{'s' * (members > 1)} of ring8, {inner} steps a dispatch",
            "s/(step·member)",
            samples,
        )
        on_cpu = jax.default_backend() == "cpu"
        bounds = {"must": 1.0, "aim": 1.3} if on_cpu else {"must": 8, "aim": 15}
        part.faster("vmap", "solo runs", **(bounds if members == 16 else {}))
        part.faster("map", "solo runs")
        parts.append(part)
    return parts


class OverDevices:
    """A compiled step over all devices of this process, for a ``Child`` process."""

    def __init__(self, game: str, batch_size: int, inner_steps: int):
        if game == "dcgan":
            config = image_config("dcgan", width=16, batch_size=batch_size, images=4096)
        else:
            config = ring_config(batch_size=batch_size)
        self._steps = Steps(
            build(config), inner_steps=inner_steps, devices=jax.local_device_count()
        )

    def run(self, calls: int) -> None:
        self._steps.run(calls)


def devices(settings: Settings) -> list[Part]:
    """Compare one global batch over 1, 2, 4 and 8 host devices (parts of the CPU that
    JAX treats as devices). Each number of devices has a separate process."""
    parts = []
    batch = settings.size(1024, 32)
    for game, inner in (("ring8 MLP", settings.size(10, 2)), ("dcgan", 1)):
        with contextlib.ExitStack() as stack:
            contenders = []
            for count in settings.size((1, 2, 4, 8), (1, 2)):
                flags = f"--xla_force_host_platform_device_count={count}"
                child = stack.enter_context(
                    Child(
                        "benchmarks.scaling:OverDevices",
                        {"game": game, "batch_size": batch, "inner_steps": inner},
                        {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
                    )
                )
                contenders.append(Contender(_devices(count), child.run, inner))
            samples = compare(contenders, settings.windows)
        title = "dcgan width 16" if game == "dcgan" else game
        part = Part(f"{title}, global batch {batch}", "s/step", samples)
        first, *rest = samples
        for name in rest:
            bounds = {"must": 1.3, "aim": 1.1} if name == _devices(8) else {}
            part.costs(name, first, **bounds)
        parts.append(part)
    return parts


def _devices(count):
    return f"{count} device{'s' * (count > 1)}"
