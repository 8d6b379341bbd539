"""Scores a run, finished or running, by its newest or its best checkpoint.

    python scripts/evaluate.py --workdir=runs/quickstart \
        --metrics=frechet,precision_recall --extractor=small_cnn_mnist --samples=5000

Without --metrics the evaluators of the run's config; scripts/describe.py lists all.
Scores and their protocol are written to the run's evaluation/ under the protocol's
digest, where scripts/report.py --compare finds them.
"""

import hashlib
import json
import sys
from pathlib import Path

from ganjax import command_line
from ganjax import names as imports
from ganjax.errors import BadInput

_FIELDS = {
    "samples": "how many to generate",
    "real": "at most so many real ones of each split",
    "extractor": "of features; pixels or points if none",
    "weights": "a file of the extractor's weights",
    "resize": "another filter than the extractor's own",
}


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument("--workdir", required=True, help="the folder of the run")
    flags.add_argument("--metrics", default="", help="evaluators, with commas")
    for name, said in _FIELDS.items():
        flags.add_argument(f"--{name}", help=f"{said}; else as the run's config says")
    flags.add_argument("--seed", help="of the samples; else the run's")
    flags.add_argument("--best", action="store_true", help="the best checkpoint")
    flags.add_argument(
        "--trust_code", action="store_true", help="run code that the run's config names"
    )
    flags = flags.parse_args(arguments)
    overrides = {
        f"evaluation.{name}": getattr(flags, name)
        for name in _FIELDS
        if getattr(flags, name) is not None
    }
    if flags.seed is not None:
        overrides["seed"] = flags.seed

    import ganjax
    from ganjax.run_files import read_json, write_json

    imports.beside(Path.cwd())
    run = ganjax.load(flags.workdir, trust_code=flags.trust_code)
    names = [name.strip() for name in flags.metrics.split(",") if name.strip()]
    found = run.evaluate(names, overrides, best=flags.best)
    protocol = json.dumps(found["protocol"], sort_keys=True)
    digest = hashlib.sha256(protocol.encode()).hexdigest()[:12]
    path = run.files.protocol(digest)
    try:
        known = dict(read_json(path)["scores"]) if path.exists() else {}
    except (BadInput, KeyError, TypeError, ValueError):
        known = {}
        print(f"{path}: cannot be read, and is written anew", file=sys.stderr)
    found["scores"] = known | found["scores"]
    write_json(path, found)
    for name, value in found["scores"].items():
        print(f"{name:44}{value:.5g}")
    print(f"step {found['protocol']['step']}: {path}")
    return 0


if __name__ == "__main__":
    command_line.run(main)
