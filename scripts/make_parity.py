"""Run the authors' code, and write the fixtures of tests/parity (torch on a CPU).

    python scripts/make_parity.py --repositories=DIR
    python scripts/make_parity.py --repositories=DIR --only=cyclegan

DIR holds clones of the repositories in tests/parity/sources.py, each in a folder with
the name of the repository, at the commit that is listed there. --only names a module of
tests/parity/oracles, or a row.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ganjax import command_line  # noqa: E402
from ganjax.errors import BadInput, unknown  # noqa: E402


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument("--repositories", required=True, help="folder of the clones")
    flags.add_argument("--only", default="", help="modules or rows, with commas")
    options = flags.parse_args(arguments)

    from tests.parity import fixture, oracles
    from tests.parity.sources import SOURCES

    folder, made = Path(options.repositories).absolute(), oracles.all_rows()
    only = [x for x in options.only.split(",") if x]
    known = {*made, *(module for module, _, _ in made.values())}
    for name in only:
        if name not in known:
            raise unknown("--only", name, known)
    fixture.FOLDER.mkdir(exist_ok=True)
    for name, (module, source, function) in made.items():
        if only and not {name, module} & set(only):
            continue
        start, about, given = time.monotonic(), {"source": source}, folder
        if source in SOURCES:
            given = folder / SOURCES[source].folder
            _check(given, SOURCES[source])
            about = {"repository": SOURCES[source].repository,
                     "commit": SOURCES[source].commit}  # fmt: skip
        path = fixture.FOLDER / f"{name}.npz"
        fixture.write(path, function(given), about)
        size = path.stat().st_size / 1000
        print(f"{name:32} {size:6.1f} kB {time.monotonic() - start:6.1f} s", flush=True)
    return 0


_QUESTIONS = ["rev-parse", "HEAD"], ["diff", "--name-only", "HEAD", "--", "*.py"]


def _check(folder, source):
    """Raise ``BadInput`` unless a folder holds the commit of a source, unchanged."""
    try:
        said = [
            subprocess.run(
                ["git", "-C", str(folder), *words],
                check=True, capture_output=True, text=True,
            ).stdout.strip()
            for words in _QUESTIONS
        ]  # fmt: skip
    except (OSError, subprocess.CalledProcessError) as error:
        raise BadInput(
            f"--repositories={folder.parent}: expected a clone of {source.repository} "
            f"in {folder.name}"
        ) from error
    if said != [source.commit, ""]:
        raise BadInput(
            f"--repositories={folder.parent}: expected {source.repository} at "
            f"{source.commit}, unchanged, found {said[0]}"
            + (" with changes" if said[1] else "")
        )


if __name__ == "__main__":
    command_line.run(main)
