"""Run the trials of a sweep, and report.

    ganjax sweep --config=sweeps/ring_losses --workdir=runs/losses

The config file defines get_config() and sweep(), which returns the trials. Trials that
share a compiled program run together. The same command again continues unfinished
trials and adds new ones, and a larger --config.steps continues finished trials. A trial
that diverged would diverge again, so it runs again only with --retry_failed. The report
is report.html in the folder of the sweep.
--dry_run prints the trials and runs nothing.

Trials that were trained together share their files. Every command opens such a trial as
--workdir=SWEEP/trials/ID. This writes the folder of the trial:

    ganjax sweep --workdir=runs/losses --unpack=ID
"""

import math
import os
import shutil

from ganjax import command_line
from ganjax.errors import BadInput, nearest, unknown

EXECUTORS = ("local", "slurm", "debug")


def main(arguments: list[str]) -> int:
    if any(x.partition("=")[0] == "--unpack" for x in arguments):
        return _unpack(arguments)
    flags, stated, space, overrides = command_line.parse_with_sweep(_flags(), arguments)

    import jax

    from ganjax.sweeps.folder import SweepFolder
    from ganjax.sweeps.planner import WAYS
    from ganjax.sweeps.sweep import Sweep

    if flags.executor not in EXECUTORS:
        raise unknown("--executor", flags.executor, EXECUTORS)
    if flags.population not in WAYS:
        raise unknown("--population", flags.population, WAYS)
    if flags.slots < 0:
        raise BadInput(f"--slots={flags.slots}: expected at least 0")
    if not (math.isfinite(flags.memory_gb) and flags.memory_gb >= 0):
        raise BadInput(f"--memory_gb={flags.memory_gb}: expected at least 0")
    if flags.slurm and flags.executor != "slurm":
        raise BadInput(f"--slurm={flags.slurm[0]}: expected --executor=slurm with it")
    if flags.executor == "slurm" and not (
        flags.dry_run or flags.print_commands or shutil.which("sbatch")
    ):
        raise BadInput(
            "--executor=slurm: expected SLURM on this machine, found no command sbatch"
        )
    if flags.executor != "debug":
        # Planning must take no device from the trials.
        jax.config.update("jax_platforms", "cpu")
    folder = SweepFolder(flags.workdir).started_in
    sweep = Sweep(stated, space, overrides, flags.config, folder=folder)
    if flags.print_commands:
        print("\n".join(sweep.commands(flags.workdir).values()))
        return 0
    if flags.dry_run:
        print(sweep.described(flags.population))
        return 0
    return sweep.run(
        flags.workdir,
        executor=flags.executor,
        population=flags.population,
        processes=flags.slots,
        memory=flags.memory_gb * 1e9 or None,
        fail_fast=flags.fail_fast,
        slurm=_parameters(flags.slurm),
        cores=sorted(os.sched_getaffinity(0)),
        pinned=flags.pin,
        retry_failed=flags.retry_failed,
        allow_config_change=flags.allow_config_change,
    )


def _unpack(arguments):
    flags = command_line.parser(__doc__, "ganjax sweep")
    _unpacking(flags)
    flags = flags.parse_args(arguments)

    from ganjax.sweep_files import SweepFiles
    from ganjax.unpacking import opened

    files = SweepFiles(flags.workdir)
    for trial in flags.unpack:
        if trial not in files.points:
            raise BadInput(
                f"--unpack={trial}: expected the id of one of {len(files.points)} "
                f"trials{nearest(trial, files.points)}"
            )
        print(opened(files.workdir(trial)))
    return 0


def _unpacking(flags):
    flags.add_argument("--workdir", required=True, help="the folder of the sweep")
    flags.add_argument(
        "--unpack",
        action="append",
        metavar="TRIAL",
        help="write the folder trials/TRIAL of a trial that was trained together with "
        "others, and run nothing; needs no --config",
    )


def _flags():
    flags = command_line.parser(__doc__, "ganjax sweep")
    _unpacking(flags)
    flags.add_argument(
        "--dry_run", action="store_true", help="print the trials, run nothing"
    )
    flags.add_argument(
        "--print_commands",
        action="store_true",
        help="print a command for each trial that runs it alone, run nothing",
    )
    flags.add_argument(
        "--executor",
        default="local",
        help="local: processes of this machine; slurm: job arrays, by submitit; debug: "
        "one group after another in this process",
    )
    flags.add_argument(
        "--population",
        default="auto",
        help="how trials that share a program run: vmap, map, serial, alone, or auto "
        "for vmap if a short measurement shows that it is faster, else map or serial "
        "(all but vmap equal solo runs exactly)",
    )
    flags.add_argument(
        "--slots", type=int, default=0, help="processes at a time (0: one per device)"
    )
    flags.add_argument(
        "--pin",
        action="store_true",
        help="on CPU, pin each process to separate cores; trials then equal solo runs "
        "on as many cores",
    )
    flags.add_argument(
        "--memory_gb",
        type=float,
        default=0.0,
        help="memory of a device (0: as it reports)",
    )
    flags.add_argument(
        "--fail_fast", action="store_true", help="the first failure ends the sweep"
    )
    flags.add_argument(
        "--retry_failed",
        action="store_true",
        help="run failed trials again, from checkpoints if there are, also those that "
        "diverged",
    )
    flags.add_argument(
        "--allow_config_change",
        action="store_true",
        help="resume trials although their config, code or data changed, as when more "
        "steps stretch a schedule",
    )
    flags.add_argument(
        "--slurm",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of submitit's executor, as slurm_partition=gpu",
    )
    return flags


def _parameters(stated):
    for text in stated:
        if "=" not in text:
            raise BadInput(f"--slurm={text}: expected NAME=VALUE")
    return dict(text.split("=", 1) for text in stated)
