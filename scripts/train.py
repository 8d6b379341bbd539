"""Trains what a config describes, or goes on with it.

    python scripts/train.py --config=configs/ring8.py --workdir=runs/ring8

The same command again resumes an interrupted run and leaves a finished one alone; a
larger --config.steps continues it. --dry_run builds and traces everything, trains
nothing and writes nothing.
"""

import json
import shlex

from ganjax import command_line
from ganjax.errors import BadInput


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument("--workdir", required=True, help="the folder of the run")
    flags.add_argument("--dry_run", action="store_true", help="trace, train nothing")
    flags.add_argument(
        "--allow_config_change",
        action="store_true",
        help="go on although the run was started with another config",
    )
    flags.add_argument(
        "--coordinator",
        default="",
        metavar="HOST:PORT",
        help="one run over several processes, each with this command; of the first "
        "one, or auto where a cluster says everything",
    )
    flags.add_argument("--processes", type=int, help="how many they are")
    flags.add_argument("--process", type=int, help="which one this is")
    flags, config, overrides = command_line.parse_with_config(flags, arguments)
    for name in ("processes", "process"):
        if getattr(flags, name) is not None and flags.coordinator in ("", "auto"):
            raise BadInput(
                f"--{name}={getattr(flags, name)}: expected --coordinator=HOST:PORT "
                f"with it; without one this process would train by itself, and auto "
                f"asks the cluster"
            )
    if flags.coordinator:
        from ganjax.training.hosts import join

        many = 1 if flags.processes is None else flags.processes
        which = flags.process or 0
        if not 0 <= which < many:
            raise BadInput(
                f"--processes={many} --process={which}: expected at least one, and one "
                f"of them, from 0"
            )
        join(flags.coordinator, many, which)
    if flags.dry_run:
        return _dry_run(config)

    from ganjax.launch import RunRequest, launch, scores
    from ganjax.run_files import RunFiles

    command = shlex.join(["python", "scripts/train.py", *arguments])
    trial = RunRequest(config, flags.workdir, overrides, command)
    status = launch(trial, allow_config_change=flags.allow_config_change)
    if status["state"] == "failed":
        command_line.fail(f"training diverged, {status['exit_reason']}")
        return 1
    found = scores(flags.workdir)
    width = 2 + max([22, *map(len, found)])
    for name, value in found.items():
        print(f"{name:{width}}{value:.4g}")
    report = RunFiles(flags.workdir).report
    print(f"{status['state']} at step {status['step']}; report: {report}")
    if status["state"] == "finished":
        return 0
    return 128 + int(status["exit_reason"].split()[-1])


def _dry_run(config) -> int:
    import jax

    from ganjax.build import build
    from ganjax.loading import Run
    from ganjax.training import trace

    setup = build(config)
    if config.start.workdir:
        Run(config.start.workdir)
    state = trace(setup.game, setup.knobs, setup.feed, setup.plan)
    for name in setup.game.networks:
        count = sum(x.size for x in jax.tree.leaves(state.params[name]))
        print(f"{name}: {count:,} parameters")
    print(json.dumps({"knobs": setup.knobs}, indent=2))
    return 0


if __name__ == "__main__":
    command_line.run(main)
