"""Trains what a config describes, or goes on with it.

    python scripts/train.py --config=configs/ring8.py --workdir=runs/ring8

The same command again resumes an interrupted run and leaves a finished one alone; a
larger --config.steps continues it. --dry_run builds and traces everything, trains
nothing and writes nothing.
"""

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
    from ganjax.report import write_report
    from ganjax.training import Diverged, RunDirectory, environment, train

    if flags.dry_run:
        return _dry_run(build(config))
    with RunDirectory(Path(flags.workdir)) as run:
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
        run.write("command.txt", shlex.join(["python", *sys.argv]) + "\n")
        run.write_json("environment.json", environment())
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
        except Diverged as error:
            step = run.status().get("step", 0)
            run.write_status("failed", step, exit_reason=str(error))
            print(f"error: training diverged, {error}", file=sys.stderr)
            return 1
        finally:
            report = write_report(run.path)
        status = run.status()
        print(f"{status['state']} at step {status['step']}; report: {report}")
        return 0 if status["state"] == "finished" else 128 + int(
            status["exit_reason"].split()[-1]
        )


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
