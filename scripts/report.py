"""Writes the HTML report of a run, or compares the scores of two.

    python scripts/report.py --workdir=runs/ring8
    python scripts/report.py runs/ring8
    python scripts/report.py --compare runs/ring8 runs/other

The report is one file, report.html, in the run directory; it opens offline. A run that
is still going can be reported on at any time. Scores are compared only where their
protocols are the same.
"""

from ganjax import command_line
from ganjax.errors import BadInput
from ganjax.report import compare, write_report


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument("run", nargs="?", help="the folder of the run")
    flags.add_argument("--workdir", help="the same, as scripts/train.py spells it")
    flags.add_argument("--compare", nargs=2, metavar="RUN", help="two runs")
    options = flags.parse_args(arguments)
    chosen = (options.run, options.workdir, options.compare)
    if sum(map(bool, chosen)) != 1:
        raise BadInput(
            "expected one of report.py RUN, --workdir=RUN and --compare RUN RUN"
        )
    if options.compare:
        print(compare(*options.compare))
        return 0
    print(f"report: {write_report(options.run or options.workdir)}")
    return 0


if __name__ == "__main__":
    command_line.run(main)
