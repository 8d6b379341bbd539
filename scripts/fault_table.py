"""Make real faults on real processes, and write the table of what happened.

    python scripts/fault_table.py
    python scripts/fault_table.py --rows=kill,bit --cases=5 --out=runs/faults
    python scripts/fault_table.py --list

A row is a kind of fault with what must happen: kills, signals, flipped bits, damaged
files, full and failing disks, numbers that are not finite, damaged data, odd paths,
numbers of devices, wrong clocks, mistakes, and foreign files. Each result is appended
to results.jsonl in --work, and the same command goes on with the cases that have no
result at this revision. Writes faults.json and faults.md to --out. A row with fewer
results than in the table that is there stays as it is there. The row clock_suite (the
default tests with a wrong clock) runs only if --rows names it. Exit codes: 0 if each
case ended as it must, otherwise 1.
"""

import shutil
import sys
from pathlib import Path

# The fault table is no part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ganjax import command_line  # noqa: E402
from ganjax.errors import BadInput  # noqa: E402


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument("--rows", default="", help="names with commas; all if empty")
    flags.add_argument(
        "--cases", type=int, default=0, help="cases of each row, 0 for all"
    )
    flags.add_argument(
        "--also", default="", help="older revisions whose results count, with commas"
    )
    flags.add_argument("--jobs", type=int, default=1, help="cases at a time")
    flags.add_argument(
        "--work", default="runs/fault_table", help="folder of the cases and results"
    )
    flags.add_argument("--out", default="docs", help="folder of the table")
    flags.add_argument("--list", action="store_true", help="list the rows")
    options = flags.parse_args(arguments)
    for name, least in (("cases", 0), ("jobs", 1)):
        if getattr(options, name) < least:
            value = getattr(options, name)
            raise BadInput(f"--{name}={value}: expected at least {least}")

    from benchmarks.faults import rows, table
    from benchmarks.faults.place import Place

    chosen = rows.chosen(options.rows)
    if options.list:
        for row in chosen:
            print(f"{row.name:16}{row.cases:4}  {row.fault}; {row.must}")
        return 0
    work, code = Path(options.work), table.revision()
    root = work / code
    if code.endswith("+changes"):  # undisturbed runs may be of other changes
        shutil.rmtree(root, ignore_errors=True)
    with table.default_signals():
        known = table.run(
            chosen,
            Place(root),
            work / "results.jsonl",
            code=code,
            also=options.also.split(","),
            cases=options.cases,
            jobs=options.jobs,
        )
    before = table.read(Path(options.out))
    names = {row.name for row in chosen} | {x["row"] for x in (*known, *before)}
    shown = [row for row in rows.ROWS.values() if row.name in names]
    found = table.summary(shown, known, before)
    for path in table.write(Path(options.out), code, found):
        print(path)
    fell = sum(x["cases"] - x["held"] for x in found)
    print(f"{sum(x['held'] for x in found)} cases end as they must, {fell} do not")
    return 1 if fell else 0


if __name__ == "__main__":
    command_line.run(main)
