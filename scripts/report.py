"""Writes the HTML report of a run.

    python scripts/report.py --workdir=runs/ring8
    python scripts/report.py runs/ring8

The report is one file, report.html, in the run directory; it opens offline. A run that
is still going can be reported on at any time.
"""

from ganjax import command_line
from ganjax.errors import BadInput
from ganjax.report import write_report


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument("run", nargs="?", help="the folder of the run")
    flags.add_argument("--workdir", help="the same, as scripts/train.py spells it")
    options = flags.parse_args(arguments)
    if bool(options.run) == bool(options.workdir):
        raise BadInput("expected one run directory: report.py RUN or --workdir=RUN")
    print(f"report: {write_report(options.run or options.workdir)}")
    return 0


if __name__ == "__main__":
    command_line.run(main)
