"""Reproduce a figure or table of a paper, and judge its claims.

    ganjax reproduce dirac_gan
    ganjax reproduce --all --scale=quick --compare
    ganjax reproduce --list

Writes results.json, figure.png and verdict.json to --out. With --all, each experiment
has a folder in --out. Exit codes: 0 if every claim judged at this scale holds; 3 if a
claim does not hold, or with --compare if a verdict differs from the committed one; 1 if
an experiment could not run; 2 for bad input; 128 + n after signal n.

An experiment that a signal stops is incomplete: it is not judged, no other experiment
starts, and the same command goes on.
"""

import traceback
from pathlib import Path

from ganjax import command_line, shipped
from ganjax.errors import BadInput, unknown
from ganjax.signals import Stopped

claims, reproduction, trials = map(
    shipped.experiments, ("claims", "reproduction", "trials")
)
EXPERIMENTS = shipped.experiments().EXPERIMENTS
experiment = shipped.experiments().experiment


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__, "ganjax reproduce")
    flags.add_argument("name", nargs="?", default="", help="an experiment")
    flags.add_argument("--all", action="store_true", help="every experiment")
    flags.add_argument(
        "--list",
        action="store_true",
        help="list the experiments and their committed verdicts",
    )
    flags.add_argument(
        "--scale",
        default="quick",
        help="quick: minutes on a CPU; paper: the paper's protocol",
    )
    flags.add_argument("--seed", type=int, default=0)
    flags.add_argument(
        "--out", default="", help="folder of the results; default: under runs/"
    )
    flags.add_argument(
        "--judge",
        action="store_true",
        help="run nothing: draw and judge the results.json in --out",
    )
    flags.add_argument(
        "--compare",
        action="store_true",
        help="compare with the committed verdicts",
    )
    options = flags.parse_args(arguments)
    if options.list:
        for name in EXPERIMENTS:
            print(f"{name:26}{experiment(name).__doc__.strip().splitlines()[0]}")
            for line in reproduction.recorded_verdicts(name):
                print(f"{'':26}{line}")
        return 0
    if options.scale not in claims.SCALES:
        raise unknown("--scale", options.scale, claims.SCALES)
    if not 0 <= options.seed < 2**31:
        raise BadInput(f"--seed={options.seed}: expected 0 to 2^31 - 1")
    if bool(options.name) == options.all:
        raise BadInput("expected an experiment or --all; --list names them")
    if options.out and Path(options.out).exists() and not Path(options.out).is_dir():
        raise BadInput(f"--out={options.out}: expected a folder, found a file")
    names = EXPERIMENTS if options.all else (options.name,)
    for name in names:
        experiment(name)  # a wrong name is found before anything runs
    code = 0
    for name in names:
        out = Path(options.out or f"runs/reproduced/{options.scale}")
        if options.all or not options.out:
            out = out / name
        try:
            code = max(code, _one(name, out, options), key=(0, 3, 1).index)
        except Stopped as stop:
            said = f"{name}: {stop.said or 'incomplete'}; the same command goes on"
            raise Stopped(stop.number, said) from None
        except (BadInput, trials.Incomplete) as error:
            if isinstance(error, BadInput) and not options.all:
                raise
            command_line.fail(f"{name}: {error}")
            code = 1
        except Exception:
            if not options.all:
                raise
            traceback.print_exc()
            code = 1
    return code


def _one(name, out, options):
    import jax

    # This process must take no device from the trials.
    jax.config.update("jax_platforms", "cpu")
    if options.judge:
        if not (out / reproduction.RESULTS).exists():
            raise BadInput(f"--out={out}: expected a {reproduction.RESULTS} in it")
        rows = reproduction.verdict_of(name, out)
    else:
        rows = reproduction.reproduce(
            name, scale=options.scale, seed=options.seed, out=out
        )
    print(reproduction.table(rows))
    print(f"{out / reproduction.FIGURE}", flush=True)
    code = 0 if claims.holds(rows) else 3
    if options.compare:
        different = reproduction.changed(
            rows, reproduction.committed(name, options.scale)
        )
        print("\n".join(different) or "the committed verdict")
        code = 3 if different else 0
    return code
