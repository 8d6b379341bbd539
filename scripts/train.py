"""Trains what a config describes, or goes on with it.

    python scripts/train.py --config=configs/ring8.py --workdir=runs/ring8

The same command again resumes an interrupted run and leaves a finished one alone; a
larger --config.steps continues it. --dry_run builds and traces everything, trains
nothing and writes nothing.
"""

import contextlib
import errno
import json
import shlex
import sys
from pathlib import Path

from ganjax import command_line
from ganjax.errors import BadInput


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument("--workdir", required=True, help="the folder of the run")
    flags.add_argument("--dry_run", action="store_true", help="trace, train nothing")
    flags.add_argument(
        "--allow_config_change", action="store_true",
        help="go on although the run was started with another config",
    )  # fmt: skip
    flags, config, overrides = command_line.parse_with_config(flags, arguments)

    from ganjax.build import build
    from ganjax.config import EXTENSIBLE, differences, resolve, to_json
    from ganjax.training import environment

    if flags.dry_run:
        return _dry_run(build(config))
    with _held(flags.workdir) as run:
        old = run.config()
        if old is not None:
            changed = differences(resolve(old), config)
            serious = [
                line for line in changed if line.partition(":")[0] not in EXTENSIBLE
            ]
            if serious and not flags.allow_config_change:
                raise BadInput(
                    f"workdir={run.path}: expected a run of this config; it holds "
                    f"another one ({'; '.join(serious)}); --allow_config_change goes on"
                )
            status = run.status()
            done = status.get("state") == "finished"
            if done and status["step"] >= config.steps and not serious:
                print(f"finished: {run.path} is at step {status['step']}")
                return 0
        setup = build(config)
        run.write("config.json", to_json(config))
        run.write_json("overrides.json", overrides)
        run.write("command.txt", shlex.join(["python", sys.argv[0], *arguments]) + "\n")
        run.write_json("environment.json", environment())
        try:
            return _train(run, setup)
        except BadInput:
            if old is not None:  # the config that its checkpoints belong to
                run.write_json("config.json", old)
            raise


def _held(workdir):
    from ganjax.training import RunDirectory

    try:
        return RunDirectory(Path(workdir))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise BadInput(
            f"workdir={workdir}: expected a folder to write to, {error.strerror}"
        ) from error


def _train(run, setup) -> int:
    from ganjax.report import write_report
    from ganjax.training import Diverged, train

    try:
        train(
            run,
            game=setup.game,
            knobs=setup.knobs,
            source=setup.source,
            feed=setup.feed,
            evaluators=setup.evaluators,
            plan=setup.plan,
        )
    except BadInput:
        raise
    except Exception as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        with contextlib.suppress(OSError):  # of a full disk: the first one counts
            run.write_status("failed", run.status().get("step", 0), exit_reason=reason)
            write_report(run.path)
        if not isinstance(error, Diverged):
            raise
        command_line.fail(f"training diverged, {reason}")
        return 1
    report = write_report(run.path)
    status = run.status()
    print(f"{status['state']} at step {status['step']}; report: {report}")
    if status["state"] == "finished":
        return 0
    return 128 + int(status["exit_reason"].split()[-1])


def _dry_run(setup) -> int:
    import jax

    from ganjax.core import init_state

    state = jax.eval_shape(
        lambda: init_state(setup.game, jax.random.key(0), setup.knobs)
    )
    for name in setup.game.networks:
        count = sum(x.size for x in jax.tree.leaves(state.params[name]))
        print(f"{name}: {count:,} parameters")
    print(json.dumps({"knobs": setup.knobs}, indent=2))
    return 0


if __name__ == "__main__":
    command_line.run(main)
