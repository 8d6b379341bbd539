"""Measure the speed of ganjax on this machine, and compare it with other programs.

    python scripts/benchmark.py --peer=torch --out=results.json
    python scripts/benchmark.py --rows=frechet,neighbours
    python scripts/benchmark.py --show=results.json

A row is a set of measurements with a name. Prints a table for each row, and writes the
times of every window to --out after every row. --peer=torch and the row neighbours need
the packages in requirements-benchmark.txt. Run nothing else on the machine at the same
time: it would change the times.
"""

import json
import sys
from pathlib import Path

# The benchmark is no part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ganjax import command_line  # noqa: E402
from ganjax.errors import BadInput, unknown  # noqa: E402
from ganjax.networks import PRECISIONS  # noqa: E402


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument(
        "--rows", default="", help="names with commas; every row if empty"
    )
    flags.add_argument("--peer", help="torch: measure the equal torch program as well")
    flags.add_argument(
        "--cases",
        default="",
        help="PRECISION:BATCH of image steps, with commas; the hardware's own if empty",
    )
    flags.add_argument("--windows", type=int, default=7, help="windows a contender")
    flags.add_argument("--seconds", type=float, default=5.0, help="least in a window")
    flags.add_argument(
        "--quick", action="store_true", help="tiny: only see that it runs"
    )
    flags.add_argument("--out", help="a .json file for the record")
    flags.add_argument("--show", help="a record to print again; nothing is measured")
    options = flags.parse_args(arguments)
    if options.windows < 1:
        raise BadInput(f"--windows={options.windows}: expected at least 1")

    from benchmarks import page, rows
    from benchmarks.record import Settings
    from benchmarks.timing import Windows

    if options.show:
        print(page.text(_read(options.show)))
        return 0
    names = rows.chosen(options.rows)
    rows.check_peer(options.peer)
    cases = _cases(options.cases)
    out = _writable(options.out)
    windows = Windows(options.windows, options.seconds)
    if options.quick:
        windows = Windows(min(options.windows, 2), 0.05)

    def done(record):
        if out:
            out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")

    settings = Settings(windows, options.quick, options.peer, cases)
    record = rows.measure(names, settings, done)
    print(page.text(record))
    failed = rows.refused(record)
    for name in failed:
        command_line.fail(f"row {name}: {record['rows'][name]['not_run']}")
    return 1 if failed else 0


def _read(name):
    try:
        record = json.loads(Path(name).read_text(encoding="utf-8"))
        record["rows"], record["hardware"]  # noqa: B018
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"--show={name}: expected a record, {error}") from error
    return record


def _cases(text):
    """``(precision, batch size)`` of each case of a list with commas."""
    found = []
    for case in filter(None, (case.strip() for case in text.split(","))):
        precision, _, batch = case.partition(":")
        if precision not in PRECISIONS:
            raise unknown("--cases", precision, PRECISIONS)
        if not batch.isdecimal() or int(batch) < 1:
            raise BadInput(f"--cases={case}: expected PRECISION:BATCH, as float32:64")
        found.append((precision, int(batch)))
    return tuple(found)


def _writable(name):
    if not name:
        return None
    path = Path(name)
    if path.suffix != ".json":
        raise BadInput(f"--out={name}: expected a name that ends in .json")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        raise BadInput(f"--out={name}: {error.strerror}") from error
    return path


if __name__ == "__main__":
    command_line.run(main)
