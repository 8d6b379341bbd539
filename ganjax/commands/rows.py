"""The part of ``ganjax sample`` that writes rows of a table: ``--where``, ``--table``,
and ``--out`` with the ending of a table."""

import argparse
from pathlib import Path
from typing import Any

from ganjax.commands.output import whole
from ganjax.errors import BadInput

ENDINGS = (".csv", ".tsv", ".parquet")
MOST_ROWS = 10_000_000
USUAL_ROWS = 1000
# Flags of ``ganjax sample`` that rows do not use.
OTHERS = (
    "seeds", "classes", "prompt", "prompts", "truncation", "columns", "path", "reach",
    "extractor", "projected", "image", "mask",
)  # fmt: skip


def add_flags(flags: argparse.ArgumentParser) -> None:
    """Add the flags ``--where`` and ``--table``."""
    group = flags.add_argument_group("tables")
    group.add_argument(
        "--where", action="append", metavar="COLUMN=VALUE,…",
        help="only rows with these values",
    )  # fmt: skip
    group.add_argument(
        "--table", metavar="FILE", help="a table whose missing values are filled in"
    )


def asks(flags: argparse.Namespace) -> bool:
    """Return whether the flags ask for rows of a table.

    Raises:
      BadInput: they also ask for something else.
    """
    out = Path(flags.out).suffix.lower() if flags.out else ""
    if flags.where is None and flags.table is None and out not in ENDINGS:
        return False
    asked = next(f"--{name}" for name in ("where", "table", "out")
                 if getattr(flags, name) is not None)  # fmt: skip
    if flags.out is not None and out not in ENDINGS:
        raise BadInput(
            f"--out={flags.out}: expected a name that ends in {', '.join(ENDINGS)} "
            f"with {asked}"
        )
    given = [name for name in OTHERS if getattr(flags, name) is not None]
    given += ["mode"] if flags.mode != "grid" else []
    if flags.table is not None:
        given += [name for name in ("where", "n") if getattr(flags, name) is not None]
    if given:
        raise BadInput(f"{asked}: expected no --{given[0]} with it")
    if flags.n is not None and not 1 <= flags.n <= MOST_ROWS:
        raise BadInput(f"--n={flags.n}: expected 1 to {MOST_ROWS:,}")
    if not 0 <= (flags.seed or 0) < 2**32:
        raise BadInput(f"--seed={flags.seed}: expected 0 to 2^32 - 1")
    return True


def write(flags: argparse.Namespace, run: Any) -> str:
    """Write the rows that the flags ask for, and return what was written, in words.
    Nothing is written if a flag is refused."""
    from ganjax.data.tables import read_file, write_file
    from ganjax.table_rows import conditions, draw_rows, fill_rows, format_of

    form, seed = format_of(run, "--where" if flags.where else "--out"), flags.seed or 0
    out = Path(flags.out or "samples.csv")
    data = run.config.data
    for name, file in (("--table", flags.table or ""), ("data.dir", data.dir)):
        if file and out.exists() and out.samefile(Path(file).expanduser()):
            raise BadInput(f"--out={out}: expected another file than {name}")
    if flags.table is not None:
        place, delimiter = f"--table='{flags.table}'", data.get("delimiter", "")
        path = Path(flags.table).expanduser()
        texts = read_file(path, delimiter, "--table").columns
        values, count = fill_rows(run, texts, seed, place)
        said = f"{count:,} values filled in"
    else:
        where = conditions(form, flags.where or ())
        n = flags.n or USUAL_ROWS
        values, said = draw_rows(run, n, seed, where), f"{n:,} rows"
    columns = [x.column for x in form.columns]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"--out={out}: expected a place to write to, {error.strerror}"
        ) from error
    with whole(out) as part:
        write_file(part, columns, form.texts(values))
    return f"{said}: {out}"
