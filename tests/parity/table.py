"""Compare all rows, and write the table.

    python -m tests.parity.table

Writes ``ganjax/parity.json``, which ``ganjax describe`` reads, and ``docs/parity.md``.
"""

import json
from pathlib import Path

from ganjax import parity
from tests.parity.fixture import LIMITS, Fixture, errors
from tests.parity.rows import all_rows
from tests.parity.sources import SOURCES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/parity.md"
HEAD = """\
# Parity

Each row compares ganjax with the authors' own code, or with an equation where no code
runs. Both sides get the same weights, batches and latents. An error is the largest
difference over the largest number of the authors' array. For `moved` it is a distance
over the distance that a parameter moved in some training steps. The tests require at
most: {limits}.

`python scripts/make_parity.py --repositories=DIR` computes the numbers of the authors'
code again (torch on a CPU). `pytest tests/parity` compares them with ganjax, and
`python -m tests.parity.table` writes this page. `ganjax describe` shows the same lines.

"""


def entry_of(row, largest: dict[str, float]) -> dict:
    """Return what ``parity.json`` holds about a row.

    Args:
      largest: the largest error of each kind of array.
    """
    source = SOURCES.get(row.source)
    return {
        "name": row.name,
        "entries": [list(entry) for entry in row.entries],
        "repository": source.repository if source else row.source,
        "commit": source.commit if source else "",
        "compared": row.compared,
        "errors": {kind: float(f"{x:.1e}") for kind, x in sorted(largest.items())},
        "differs": row.differs,
    }


def largest_errors(row) -> dict[str, float]:
    """Return the largest error of each kind of array of a row."""
    fixture = Fixture(row.name)
    found: dict[str, float] = {}
    for name, error in errors(row.ours(fixture), fixture.expected).items():
        kind = name.partition("/")[0]
        found[kind] = max(found.get(kind, 0.0), error)
    return found


def page(entries: list[dict]) -> str:
    """Return the text of ``docs/parity.md``."""
    limits = ", ".join(f"{kind} {limit:g}" for kind, limit in LIMITS.items())
    lines = [
        *HEAD.format(limits=limits).splitlines(),
        "| row | code | compared | largest error | differs |",
        "|---|---|---|---|---|",
    ]
    for x in entries:
        found = ", ".join(f"{kind} {error:.0e}" for kind, error in x["errors"].items())
        lines.append(
            f"| `{x['name']}` | {parity.place(x)} | {x['compared']} | {found} | "
            f"{x['differs']} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    entries = []
    for row in all_rows().values():
        found = largest_errors(row)
        print(f"{row.name:32} {found}")
        entries.append(entry_of(row, found))
    parity.FILE.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(entries), encoding="utf-8")


if __name__ == "__main__":
    main()
