"""Reproduces a figure or table of a paper and judges its claims.

    python scripts/reproduce.py dirac_gan
    python scripts/reproduce.py --all --scale=quick --compare
    python scripts/reproduce.py --list

Writes results.json, figure.png and verdict.json to --out (--all: a folder an experiment
in it). Exit codes: 0 every claim judged at this scale holds, 3 one does not, or with
--compare a verdict is not the committed one, 1 an experiment could not be run, 2 bad
input.
"""

import sys
import traceback
from pathlib import Path

# The experiments are no part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments import EXPERIMENTS, experiment, reproduction  # noqa: E402
from experiments.claims import SCALES, holds  # noqa: E402
from ganjax import command_line  # noqa: E402
from ganjax.errors import BadInput, unknown  # noqa: E402


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument("name", nargs="?", default="", help="an experiment")
    flags.add_argument("--all", action="store_true", help="every experiment")
    flags.add_argument(
        "--list", action="store_true", help="name them, with the committed verdicts"
    )
    flags.add_argument(
        "--scale", default="quick", help="quick: minutes on a CPU; paper"
    )
    flags.add_argument("--seed", type=int, default=0)
    flags.add_argument("--out", default="", help="a folder; else under runs/")
    flags.add_argument(
        "--judge",
        action="store_true",
        help="run nothing: draw and judge the results.json in --out",
    )
    flags.add_argument(
        "--compare",
        action="store_true",
        help="compare with the verdicts that the repository holds",
    )
    options = flags.parse_args(arguments)
    if options.list:
        for name in EXPERIMENTS:
            print(f"{name:26}{experiment(name).__doc__.strip().splitlines()[0]}")
            for line in reproduction.recorded_verdicts(name):
                print(f"{'':26}{line}")
        return 0
    if options.scale not in SCALES:
        raise unknown("--scale", options.scale, SCALES)
    if not 0 <= options.seed < 2**31:
        raise BadInput(f"--seed={options.seed}: expected 0 to 2^31 - 1")
    if bool(options.name) == options.all:
        raise BadInput("expected an experiment or --all; --list names them")
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
        except BadInput as error:
            if not options.all:
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

    # Whoever starts the trials takes no device from them.
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
    code = 0 if holds(rows) else 3
    if options.compare:
        different = reproduction.changed(
            rows, reproduction.committed(name, options.scale)
        )
        print("\n".join(different) or "the committed verdict")
        code = 3 if different else 0
    return code


if __name__ == "__main__":
    command_line.run(main)
