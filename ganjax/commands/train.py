"""Train a config, or resume a run.

    ganjax train --config=ring8 --workdir=runs/ring8

The same command resumes an interrupted run, and leaves a finished run unchanged. A
larger --config.steps continues a finished run. --dry_run builds and traces everything.
It trains nothing and writes nothing.

A run records the versions and the revision of ganjax. With the environment variable
GANJAX_RECORD_DIFF=1, a run from a checkout of ganjax also records uncommitted changes.
"""

import json
import shlex

from ganjax import command_line
from ganjax.errors import BadInput


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__, "ganjax train")
    flags.add_argument("--workdir", required=True, help="the folder of the run")
    flags.add_argument(
        "--dry_run", action="store_true", help="build and trace, train nothing"
    )
    flags.add_argument(
        "--allow_config_change",
        action="store_true",
        help="resume a run that began with another config",
    )
    flags.add_argument(
        "--coordinator",
        default="",
        metavar="HOST:PORT",
        help="address of the first process, for one run over several processes that "
        "all run this command; auto: ask the cluster",
    )
    flags.add_argument("--processes", type=int, help="number of processes")
    flags.add_argument("--process", type=int, help="index of this process, from 0")
    flags, config, overrides = command_line.parse_with_config(flags, arguments)
    for name in ("processes", "process"):
        if getattr(flags, name) is not None and flags.coordinator in ("", "auto"):
            raise BadInput(
                f"--{name}={getattr(flags, name)}: expected --coordinator=HOST:PORT "
                f"with it; without a coordinator this process would train alone, and "
                f"--coordinator=auto asks the cluster for the processes"
            )
    if flags.coordinator:
        from ganjax.training.hosts import join

        many = 1 if flags.processes is None else flags.processes
        which = flags.process or 0
        if not 0 <= which < many:
            raise BadInput(
                f"--processes={many} --process={which}: expected at least one process, "
                f"and 0 <= --process < --processes"
            )
        join(flags.coordinator, many, which)
    if flags.dry_run:
        return _dry_run(config)

    from ganjax.launch import RunRequest, launch, scores
    from ganjax.run_files import RunFiles, failed_evaluation

    command = shlex.join(["ganjax", "train", *arguments])
    request = RunRequest(config, flags.workdir, overrides, command)
    status = launch(request, allow_config_change=flags.allow_config_change)
    if status["state"] == "failed":
        command_line.fail(f"training diverged, {status['exit_reason']}")
        return 1
    found = scores(flags.workdir)
    width = 2 + max([22, *map(len, found)])
    for name, value in found.items():
        print(f"{name:{width}}{value:.4g}")
    if count := status.get("skipped"):
        print(f"steps skipped, because their results were not finite: {count:,}")
    if count := status.get("rollbacks"):
        print(f"rollbacks: {count}")
    report = RunFiles(flags.workdir).report
    print(f"{status['state']} at step {status['step']}; report: {report}")
    if status["state"] != "finished":
        return 128 + int(status["exit_reason"].split()[-1])
    if failed := status.get("failed_evaluations"):
        more = f"; {len(failed) - 1} more failed" if len(failed) > 1 else ""
        command_line.fail(failed_evaluation(**failed[0]) + more)
        return 1
    return 0


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
