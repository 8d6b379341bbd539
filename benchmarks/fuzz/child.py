"""The process that libFuzzer runs in: ``python -m benchmarks.fuzz.child TARGET FOLDER``
and arguments of libFuzzer: options, and the folder of the corpus or one input."""

import hashlib
import sys
import tempfile
import traceback
from pathlib import Path

import atheris

# Only these are followed, so a change that reaches other code is one in a reader.
FOLLOWED = (
    "ganjax.data.idx", "ganjax.data.bombs", "ganjax.metrics.features.torch_archive",
    "ganjax.metrics.features.weights", "gzip", "pickletools", "safetensors", "zipfile",
)  # fmt: skip


def main(name: str, folder: Path, arguments: list[str]) -> None:
    for module in ("gzip", "zipfile", "pickletools"):
        sys.modules.pop(module, None)  # read again, to be followed
    with atheris.instrument_imports(include=list(FOLLOWED)):
        from benchmarks.fuzz.judge import Judge
        from benchmarks.fuzz.targets import TARGETS

    with tempfile.TemporaryDirectory() as scratch:
        judge = Judge(TARGETS[name], Path(scratch))
        judge.watch()

        def one(content: bytes) -> None:
            try:
                judge.read(content)
            except Exception as error:
                _note(folder, error, content)

        atheris.Setup([sys.argv[0], *arguments], one)
        atheris.Fuzz()


def _note(folder, error, content):
    """Keep the first input of each kind of error, with its traceback. The search goes
    on."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    kind = f"{type(error).__name__} {last.filename} {last.lineno}"
    name = f"error-{hashlib.sha256(kind.encode()).hexdigest()[:12]}"
    path = folder / "crashes" / name
    if not path.exists():
        path.write_bytes(content)
        said = "".join(traceback.format_exception(error))
        path.with_suffix(".txt").write_text(said)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
