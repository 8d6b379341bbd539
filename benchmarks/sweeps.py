"""The row of whole sweeps: what a sweep costs beyond its training.

Each sweep is a separate process, `ganjax sweep`, with a new folder and an empty
compilation cache. The trials differ in the generator's learning rate and in their
seeds, so they share one program. The compiled step alone is measured in as many
processes at the same time as the sweep uses.
"""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from benchmarks.record import Part, Settings

PROCESSES, MEMBERS = 2, 64
GAMES = {
    "ring8": '''
        from configs import ring8

        def get_config():
            config = ring8.get_config()
            config.steps = 100
            config.schedules = {}
            return config
    ''',
    "sn_dcgan": '''
        from configs import dcgan_cifar10
        from configs.images import tiny

        def get_config():
            config = dcgan_cifar10.get_config()
            small = {"name": "sn_dcgan", "width": 4}
            config.networks = {"generator": dict(small), "discriminator": dict(small)}
            config = tiny(config)
            config.data.name = "digits"
            config.steps = 100
            config.log = {"every": 50}
            config.samples = {"every": 0, "count": 8}
            config.checkpoint = {"every": 100}
            config.evaluation = {"names": ("frechet",), "samples": 1000, "real": 1000}
            config.sampling = {"statistics": "averaged"}
            return config
    ''',
}  # fmt: skip
BEFORE = (
    "Before trials shared their records (revision b780dc8, two cores of another "
    "machine): 25 trials took 83 s and 150 took 378 s, 2.4 s for each further trial; "
    "the dry run of 2,000 trials took 122 s; a trial left 30 files and 1 MB. Larger "
    "sweeps were not run."
)
SPACE = """
        from ganjax.space import grid, product, seeds

        def sweep():
            rates = [round(1e-4 * 1.01**i, 9) for i in range(-(-{count} // 8))]
            rate = "optimizers.generator.learning_rate"
            return product(grid({{rate: rates}}), seeds(8))[:{count}]
"""


def config_file(folder: Path, game: str, count: int) -> Path:
    """Write the config file of a sweep of ``count`` trials, and return its path."""
    path = folder / f"{game}_{count}.py"
    parts = (GAMES[game], SPACE.format(count=count))
    path.write_text("\n".join(textwrap.dedent(part) for part in parts))
    return path


def memory(pid: int) -> int:
    """Return the bytes of memory of a process and of its children. Pages that several
    processes share are divided between them (PSS)."""
    total = 0
    for one in (pid, *_below(pid)):
        try:
            lines = (
                Path(f"/proc/{one}/smaps_rollup")
                .read_text(encoding="utf-8")
                .splitlines()
            )
        except OSError:  # it ended
            continue
        total += sum(1024 * int(x.split()[1]) for x in lines if x.startswith("Pss:"))
    return total


def _below(pid):
    try:
        listed = (
            Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
        )
    except OSError:
        return
    for child in map(int, listed):
        yield child
        yield from _below(child)


def watched(arguments: list[str], environment: dict[str, str]) -> dict[str, float]:
    """Run a command. Return its seconds, and the peak memory of its processes."""
    start, peak = time.perf_counter(), 0
    process = subprocess.Popen(
        arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    while process.poll() is None:
        peak = max(peak, memory(process.pid))
        time.sleep(0.2)
    if process.returncode:
        raise RuntimeError(process.stderr.read().decode()[-2000:])
    return {"seconds": time.perf_counter() - start, "peak_bytes": peak}


def whole(game: str, count: int, population: str) -> dict[str, float]:
    """Run a sweep and its dry run in new folders, and return what they cost."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [
            sys.executable, "-m", "ganjax", "sweep",
            f"--config={config_file(folder, game, count)}",
            f"--workdir={folder / 'sweep'}", f"--population={population}",
        ]  # fmt: skip
        environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
        dry = watched([*command, "--dry_run"], environment)
        found = watched(command, environment)
        files = [x for x in (folder / "sweep").rglob("*") if x.is_file()]
        states = [x for x in files if "checkpoints" in x.parts]
        size = {path: path.stat().st_size for path in files}
        again = watched(command, environment)
    return {
        "trials": count,
        "dry_run_seconds": dry["seconds"],
        **found,
        "files": len(files),
        "bytes": sum(size.values()),
        "state_bytes": sum(size[path] for path in states),
        "again_seconds": again["seconds"],
    }


def bare(game: str, population: str, dispatches: int, processes: int) -> float:
    """Return the seconds of one trial's steps in the compiled program alone, when
    ``processes`` processes run it at the same time."""
    with tempfile.TemporaryDirectory() as name:
        path = config_file(Path(name), game, MEMBERS)
        line = [sys.executable, "-m", "benchmarks.sweeps", str(path)]
        line += [population, str(dispatches)]
        runs = [
            subprocess.Popen(line, stdout=subprocess.PIPE) for _ in range(processes)
        ]
        each = [json.loads(run.communicate()[0])["seconds"] for run in runs]
    return sum(each) / len(each) / processes


def bare_steps(path: str, population: str, dispatches: int) -> float:
    """Return the seconds that this process needs for all steps of one trial."""
    import jax

    from ganjax.build import build
    from ganjax.command_line import load_config
    from ganjax.config import resolve
    from ganjax.core import init_state, replicate, spread_members, stack_members
    from ganjax.training import compiled_step

    setup = build(resolve(load_config(path)))
    plan = dataclasses.replace(setup.plan, population=population)
    states = stack_members(
        [init_state(setup.game, jax.random.key(i), setup.knobs) for i in range(MEMBERS)]
    )
    advance = compiled_step(setup.game, setup.feed, plan)
    data = replicate(setup.feed.data, plan.devices)
    states = spread_members(states, plan.devices)
    for _ in range(2):
        states, _ = jax.block_until_ready(advance(states, data))
    start = time.perf_counter()
    for _ in range(dispatches):
        states, _ = jax.block_until_ready(advance(states, data))
    seconds = (time.perf_counter() - start) / dispatches / MEMBERS
    return seconds * plan.steps / plan.parallel.inner_steps


def sweep(settings: Settings) -> list[Part]:
    """Measure sweeps of a game of points: seconds, files, bytes, and peak memory."""
    counts = settings.size((25, 200, 2000), (2, 4))
    part = _part(settings, "ring8", "map", counts, PROCESSES)
    part.notes.append(BEFORE)
    return [part]


def sweep_images(settings: Settings) -> list[Part]:
    """Measure sweeps of a small convolutional game, like ``sweep``. Its trials are one
    group, so one process runs them."""
    counts = settings.size((8, 64), (2, 4))
    return [_part(settings, "sn_dcgan", "map", counts, 1)]


def _part(settings, game, population, counts, processes):
    rows = {count: whole(game, count, population) for count in counts}
    steps = bare(game, population, settings.size(5, 1), processes)
    first, last = list(rows.values())[-2:]
    slope = (last["seconds"] - first["seconds"]) / (last["trials"] - first["trials"])
    samples = {f"{count} trials": [row["seconds"]] for count, row in rows.items()}
    part = Part(
        f"{game}, 100 steps, by {population}: whole process", "s",
        samples | {f"steps of {last['trials']} trials": [steps * last["trials"]]},
    )  # fmt: skip
    most = {"bound": "most"}
    dry = last["dry_run_seconds"]
    part.value(f"dry run of {last['trials']} trials, s", dry, must=5, **most)
    host = 1000 * (slope - steps)
    part.value("a further trial beyond its steps, ms", host, must=60, **most)
    each = 1 / last["trials"]
    part.value("files a trial", last["files"] * each, must=8, **most)
    part.value("kB a trial", last["bytes"] * each / 1e3, must=100, **most)
    others = last["bytes"] - last["state_bytes"]
    part.value("kB a trial without its state", others * each / 1e3, **most)
    part.value("peak memory, GB", last["peak_bytes"] / 1e9, must=2, **most)
    for count, row in rows.items():
        part.notes.append(
            f"{count} trials: {row['seconds']:.1f} s, {row['files']} files, "
            f"{row['bytes'] / 1e6:.1f} MB ({row['state_bytes'] / 1e6:.1f} MB of it "
            f"states), peak of all processes {row['peak_bytes'] / 1e9:.2f} GB; dry run "
            f"{row['dry_run_seconds']:.1f} s; the finished sweep again "
            f"{row['again_seconds']:.1f} s."
        )
    return part


def main(arguments: list[str]) -> None:
    """Print the seconds of the steps of one trial, for ``bare``."""
    flags = argparse.ArgumentParser()
    flags.add_argument("path")
    flags.add_argument("population")
    flags.add_argument("dispatches", type=int)
    print(json.dumps({"seconds": bare_steps(**vars(flags.parse_args(arguments)))}))


if __name__ == "__main__":
    main(sys.argv[1:])
