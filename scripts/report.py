"""Write the HTML report of a run.

    python scripts/report.py --workdir=runs/ring
    python scripts/report.py runs/ring

The report is one file, `report.html`, in the run directory; it opens offline. A run
that is still going can be reported on at any time.
"""

import argparse
import sys

from ganjax.errors import BadInput
from ganjax.report import write_report


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", nargs="?", help="the run directory")
    parser.add_argument("--workdir", help="the same, as scripts/train.py spells it")
    options = parser.parse_args(arguments)
    try:
        if bool(options.run) == bool(options.workdir):
            raise BadInput("expected one run directory: report.py RUN or --workdir=RUN")
        print(f"report: {write_report(options.run or options.workdir)}")
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
