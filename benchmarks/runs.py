"""Rows of whole runs: the shipped loop, the start of a process, what compiles when."""

import contextlib
import tempfile
import time

import jax

from benchmarks.child import Child
from benchmarks.models import IMAGES, Steps, image_config, ring_config
from benchmarks.record import Part, Settings
from benchmarks.timing import turns
from ganjax.build import build
from ganjax.launch import Trial, launch
from ganjax.run_files import RunFiles, read_rows

COMPILED = "/jax/core/compile/backend_compile_duration"
LOOP, BARE = "shipped loop", "bare step"


def loop(settings: Settings) -> list[Part]:
    """``ganjax.launch`` with logging, EMA and a checkpoint over its compiled step."""
    images = settings.size(IMAGES, 256)
    games = {
        "dcgan": (
            lambda **x: image_config(
                "dcgan",
                images=images,
                width=settings.size(64, 8),
                overrides={path.replace("__", "."): v for path, v in x.items()},
            ),
            {"inner": settings.size(4, 2), "every": settings.size(4, 2)},
        ),
        "ring8 MLP": (
            ring_config,
            {"inner": settings.size(100, 4), "every": settings.size(100, 4)},
        ),
    }
    return [_loop(settings, name, *game) for name, game in games.items()]


def _loop(settings, name, make, sizes):
    inner, every = sizes["inner"], sizes["every"]
    bare = Steps(build(make()), inner_steps=inner)
    bare.run(1)
    start = time.perf_counter()
    bare.run(3)
    step = (time.perf_counter() - start) / 3 / inner
    seconds = settings.size(max(20.0, settings.windows.seconds), 0.2)
    # As many steps as there are from one checkpoint to the next, or a window's; the one
    # that is saved in them is in the middle, as the end of a run is not timed.
    apart = settings.size(make().checkpoint.every, 0)
    rows = max(4, round(seconds / step / every), apart // every)
    steps = rows * every
    config = make(
        parallel__inner_steps=inner,
        steps=steps,
        log__every=every,
        **_intervals((rows // 2) * every),
    )
    samples = {LOOP: [], BARE: []}
    for which in turns([LOOP, BARE], settings.windows.count):
        if which == BARE:
            start = time.perf_counter()
            bare.run(steps // inner)
            took = (time.perf_counter() - start) / steps
        else:
            took = _seconds_a_step(config)
        samples[which].append(took)
    part = Part(
        f"{name}, a row every {every} steps, a checkpoint in {steps}",
        "s/step",
        samples,
        notes=[
            f"{inner} steps a dispatch in both; the loop is timed from its first "
            f"logged row to its last but one, by the run's own timing.jsonl"
        ],
    )
    part.faster(LOOP, BARE, must=0.97, aim=0.99)
    return part


def _intervals(checkpoint):
    """Overrides so that beside the log only a checkpoint is due."""
    return {
        "samples__every": 0,
        "evaluation__every": 0,
        "evaluation__names": "",
        "checkpoint__every": checkpoint,
    }


def _seconds_a_step(config) -> float:
    with tempfile.TemporaryDirectory() as workdir:
        launch(Trial(config, workdir))
        rows = read_rows(RunFiles(workdir).timing)
    # The last row is settled when the run has drawn and saved what it ends with.
    first, last = rows[0], rows[-2]
    return (last["seconds"] - first["seconds"]) / (last["step"] - first["step"])


class FirstStep:
    """A DCGAN up to the end of its first step, for ``Child``."""

    def __init__(self, width: int, images: int):
        self._config = image_config("dcgan", width=width, images=images)

    def run(self, calls: int) -> None:
        Steps(build(self._config))


def startup(settings: Settings) -> list[Part]:
    """From the start of a process to the end of the first step of a DCGAN."""
    samples = {"cold": [], "warm": []}
    options = settings.size({"width": 64, "images": IMAGES}, {"width": 4, "images": 99})
    # A cold start is made once a pair: each needs an empty cache of its own.
    for _ in range(settings.windows.count):
        with tempfile.TemporaryDirectory() as cache:
            for name in samples:
                start = time.perf_counter()
                with Child(
                    "benchmarks.runs:FirstStep",
                    options,
                    {"JAX_COMPILATION_CACHE_DIR": cache},
                ) as child:
                    child.run(1)
                    samples[name].append(time.perf_counter() - start)
    part = Part(
        "dcgan, seconds from the start of the process to the end of its first step",
        "s",
        samples,
        notes=[
            "cold: an empty persistent compilation cache; warm: the one that the cold "
            "start left; both with the imports. Windows are cold, warm, cold, warm …, "
            "as warm needs cold"
        ],
    )
    part.faster("warm", "cold")
    return [part]


def traces(settings: Settings) -> list[Part]:
    """Programs compiled after the first dispatch of a run: none."""
    counted = {}
    images = settings.size(2048, 256)
    games = {"ring8 MLP": build(ring_config())}
    for name in settings.size(("dcgan", "sn_dcgan"), ("dcgan",)):
        games[name] = build(image_config(name, width=8, images=images))
    for name, setup in games.items():
        for inner in (1, 4):
            steps = Steps(setup, inner_steps=inner)
            with _counted() as seen:
                steps.run(8)
            counted[f"{name}, {inner} a dispatch"] = [float(len(seen))]
    # Of the loop: what twice as many steps, rows and checkpoints compile beside. The
    # first of the three runs is for small programs that a process compiles but once.
    lengths = {}
    for steps in (16, 8, 16):
        config = ring_config(
            parallel__inner_steps=4,
            steps=steps,
            log__every=4,
            **_intervals(4),
        )
        with tempfile.TemporaryDirectory() as workdir, _counted() as seen:
            launch(Trial(config, workdir))
        lengths[steps] = len(seen)
    counted["shipped loop, 16 steps over 8"] = [float(lengths[16] - lengths[8])]
    part = Part("programs compiled after step 1", "programs", counted)
    most = max(samples[0] for samples in counted.values())
    part.value("programs compiled after step 1", most, must=0, bound="most")
    return [part]


@contextlib.contextmanager
def _counted():
    """A list that grows by each program compiled, or taken from the cache, inside."""
    seen, counting = [], [True]

    def note(event, duration, **details):
        if counting[0] and event == COMPILED:
            seen.append(details.get("fun_name", ""))

    jax.monitoring.register_event_duration_secs_listener(note)
    try:
        yield seen
    finally:
        counting[0] = False  # a listener cannot be taken off again
