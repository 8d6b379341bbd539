"""Writes the HTML report of a run or a sweep, or compares the scores of two.

    python scripts/report.py --workdir=runs/ring8
    python scripts/report.py runs/losses                  # a sweep: its table as well
    python scripts/report.py --compare runs/ring8 runs/other
    python scripts/report.py runs/losses --compare loss.name=hinge loss.name=minimax

The report is one file, report.html, in the folder; it opens offline. What is still
going can be reported on at any time. Scores are compared only where their protocols are
the same. Two settings of a sweep, or two sweeps of the same settings, are compared by
pairs of trials that differ in nothing else: the mean difference, its interval, a
permutation test and an effect size.
"""

from ganjax import command_line
from ganjax.errors import BadInput
from ganjax.report import (
    as_text,
    compare,
    compare_settings,
    is_sweep,
    read_sweep,
    write_report,
    write_sweep_report,
)


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument("run", nargs="?", help="the folder of the run or the sweep")
    flags.add_argument("--workdir", help="the same, as scripts/train.py spells it")
    flags.add_argument(
        "--compare",
        nargs=2,
        metavar="OF",
        help="two runs, two sweeps, or two settings of the sweep, FIELD=VALUE,…",
    )
    options = flags.parse_args(arguments)
    if options.run and options.workdir:
        raise BadInput("expected one of report.py RUN and --workdir=RUN")
    run = options.run or options.workdir
    if options.compare:
        print(_comparison(run, *options.compare))
        return 0
    if not run:
        raise BadInput(
            "expected one of report.py RUN, --workdir=RUN and --compare RUN RUN"
        )
    if is_sweep(run):
        print(as_text(read_sweep(run)))
        print(f"report: {write_sweep_report(run)}")
    else:
        print(f"report: {write_report(run)}")
    return 0


def _comparison(sweep, one, other):
    if sweep:
        records = read_sweep(sweep)
        return compare_settings((records, one), (records, other))
    if is_sweep(one) and is_sweep(other):
        return compare_settings((read_sweep(one), ""), (read_sweep(other), ""))
    return compare(one, other)


if __name__ == "__main__":
    command_line.run(main)
