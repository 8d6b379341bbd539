"""Rows about whole runs: the training loop, the start of a process, compilations."""

import contextlib
import tempfile
import time

import jax

from benchmarks.child import Child
from benchmarks.models import IMAGES, Steps, image_config, ring_config
from benchmarks.record import Part, Settings
from benchmarks.timing import turns
from ganjax.build import build
from ganjax.launch import RunRequest, launch
from ganjax.run_files import RunFiles, read_rows

COMPILED = "/jax/core/compile/backend_compile_duration"
LOOP, BARE = "shipped loop", "bare step"


def loop(settings: Settings) -> list[Part]:
    """Compare a run of ``ganjax.launch``, which also logs and writes a checkpoint, with
    its compiled step alone."""
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
    # A run has the steps between two checkpoints, or the steps of a window if these are
    # more. Its one checkpoint is in the middle, because the end of a run is not timed.
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
            f"Both run {inner} steps in a dispatch. The loop is timed from its first "
            f"logged row to its last row but one, with the run's timing.jsonl"
        ],
    )
    part.faster(LOOP, BARE, must=0.97, aim=0.99)
    return part


def _intervals(checkpoint):
    """Return overrides with which a run writes only its log and a checkpoint."""
    return {
        "samples__every": 0,
        "evaluation__every": 0,
        "evaluation__names": "",
        "checkpoint__every": checkpoint,
    }


def _seconds_a_step(config) -> float:
    with tempfile.TemporaryDirectory() as workdir:
        launch(RunRequest(config, workdir))
        rows = read_rows(RunFiles(workdir).timing)
    # The last row is written after the final samples and checkpoint, so it is left out.
    first, last = rows[0], rows[-2]
    return (last["seconds"] - first["seconds"]) / (last["step"] - first["step"])


class FirstStep:
    """A DCGAN that runs up to the end of its first step, for a ``Child`` process."""

    def __init__(self, width: int, images: int):
        self._config = image_config("dcgan", width=width, images=images)

    def run(self, calls: int) -> None:
        Steps(build(self._config))


def startup(settings: Settings) -> list[Part]:
    """Time a process from its start to the end of the first step of a DCGAN."""
    samples = {"cold": [], "warm": []}
    options = settings.size({"width": 64, "images": IMAGES}, {"width": 4, "images": 99})
    # Each pair has a new cache folder: empty for the cold start, filled for the warm.
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
            "cold: with an empty persistent compilation cache; warm: with the cache "
            "that the cold start wrote; both include the imports. The order is cold, "
            "warm, cold, warm …, because each warm start needs a cold start"
        ],
    )
    part.faster("warm", "cold")
    return [part]


def traces(settings: Settings) -> list[Part]:
    """Count the programs that are compiled after the first call of a training step.
    None is expected."""
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
    # For the loop: how many more programs a run of twice the length compiles. The first
    # of the three runs compiles small programs that a process compiles only once.
    lengths = {}
    for steps in (16, 8, 16):
        config = ring_config(
            parallel__inner_steps=4,
            steps=steps,
            log__every=4,
            **_intervals(4),
        )
        with tempfile.TemporaryDirectory() as workdir, _counted() as seen:
            launch(RunRequest(config, workdir))
        lengths[steps] = len(seen)
    counted["shipped loop, 16 steps over 8"] = [float(lengths[16] - lengths[8])]
    part = Part("programs compiled after step 1", "programs", counted)
    most = max(samples[0] for samples in counted.values())
    part.value("programs compiled after step 1", most, must=0, bound="most")
    return [part]


@contextlib.contextmanager
def _counted():
    """Yield a list that collects programs compiled, or read from the cache, inside."""
    seen, counting = [], [True]

    def note(event, duration, **details):
        if counting[0] and event == COMPILED:
            seen.append(details.get("fun_name", ""))

    jax.monitoring.register_event_duration_secs_listener(note)
    try:
        yield seen
    finally:
        counting[0] = False  # JAX cannot remove a listener
