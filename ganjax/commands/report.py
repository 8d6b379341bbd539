"""Write the HTML report of a run or a sweep, or compare scores.

    ganjax report --workdir=runs/ring8
    ganjax report runs/losses                  # a sweep: its table as well
    ganjax report --compare runs/ring8 runs/other
    ganjax report runs/losses --compare loss.name=hinge loss.name=minimax

The report is one file, report.html, in the folder. It opens offline, and the run may
still be training. A large sweep also has the folder report_files next to it.

A run may come from another person. Links to files outside of its folder are refused. A
sweep also has table.csv, in which a text that a spreadsheet would run as a formula
begins with an apostrophe.

Scores are compared only if their protocols, the records of how they were computed, are
equal. Two settings of a sweep, or two sweeps with the same settings, are compared by
pairs of trials that differ in nothing else: the mean difference, its interval, a
permutation test and an effect size.
"""

from pathlib import Path

from ganjax import command_line
from ganjax.errors import BadInput
from ganjax.report import (
    as_text,
    check_links,
    compare,
    compare_settings,
    is_sweep,
    read_sweep,
    write_report,
    write_sweep_report,
)
from ganjax.unpacking import opened


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__, "ganjax report")
    flags.add_argument("run", nargs="?", help="the folder of the run or the sweep")
    flags.add_argument("--workdir", help="the same folder, as in ganjax train")
    flags.add_argument(
        "--compare",
        nargs=2,
        metavar="OF",
        help="two runs, two sweeps, or two settings of the sweep, FIELD=VALUE,…",
    )
    options = flags.parse_args(arguments)
    if options.run and options.workdir:
        raise BadInput(
            f"--workdir={options.workdir}: expected it without {options.run}, because "
            f"both name the folder of a run"
        )
    run = options.run or options.workdir
    for name in _folders(run, options.compare or ()):
        check_links(name)
    if options.compare:
        print(_comparison(run, *options.compare))
        return 0
    if not run:
        raise BadInput(
            "expected one of ganjax report RUN, --workdir=RUN and --compare RUN RUN"
        )
    if is_sweep(run):
        print(as_text(read_sweep(run)))
        print(f"report: {write_sweep_report(run)}")
    else:
        print(f"report: {write_report(opened(run))}")
    return 0


def _folders(run, compared):
    """Return the folders that the report reads. A trial is a part of its sweep."""
    found = []
    for path in map(Path, [run] if run else compared):
        sweep = path.absolute().parent.parent
        of_trial = path.absolute().parent.name == "trials" and is_sweep(sweep)
        found.append(sweep if of_trial else path)
    return found


def _comparison(sweep, one, other):
    if sweep:
        records = read_sweep(sweep)
        return compare_settings((records, one), (records, other))
    if is_sweep(one) and is_sweep(other):
        return compare_settings((read_sweep(one), ""), (read_sweep(other), ""))
    return compare(opened(one), opened(other))
