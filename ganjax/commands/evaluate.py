"""Score a run by its newest or its best checkpoint.

    ganjax evaluate --workdir=runs/quickstart \\
        --metrics=frechet,precision_recall --extractor=small_cnn_mnist --samples=5000

The run may still be training. Without --metrics, the evaluators are those in the run's
config. `ganjax describe --axis=evaluators` lists all evaluators. Scores and their
protocol are written to the run's evaluation/ under the digest of the protocol, where
`ganjax report --compare` finds them.
"""

import hashlib
import json
import sys
from pathlib import Path

from ganjax import command_line
from ganjax import names as imports
from ganjax.errors import BadInput

_FIELDS = {
    "samples": "number of samples to generate",
    "real": "most real samples of each split, 0 for all",
    "extractor": "extractor of features; pixels or points if empty",
    "weights": "a file of the extractor's weights",
    "resize": "filter that replaces the extractor's",
}


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__, "ganjax evaluate")
    flags.add_argument("--workdir", required=True, help="the folder of the run")
    flags.add_argument("--metrics", help="evaluators, separated by commas")
    for name, said in _FIELDS.items():
        flags.add_argument(f"--{name}", help=f"{said}; default: the run's config")
    flags.add_argument("--seed", help="seed of the samples; default: the run's")
    flags.add_argument("--best", action="store_true", help="score the best checkpoint")
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
    names = [name.strip() for name in (flags.metrics or "").split(",") if name.strip()]
    if flags.metrics is not None and not names:
        raise BadInput(f"--metrics={flags.metrics}: expected a name of an evaluator")
    found = run.evaluate(names, overrides, best=flags.best)
    protocol = json.dumps(found["protocol"], sort_keys=True)
    digest = hashlib.sha256(protocol.encode()).hexdigest()[:12]
    path = run.files.protocol(digest)
    try:
        known = dict(read_json(path)["scores"]) if path.exists() else {}
    except (BadInput, KeyError, TypeError, ValueError):
        known = {}
        print(f"{path}: cannot be read, and is replaced", file=sys.stderr)
    found["scores"] = known | found["scores"]
    write_json(path, found)
    for name, value in found["scores"].items():
        print(f"{name:44}{value:.5g}")
    print(_counts(found["protocol"]))
    print(f"step {found['protocol']['step']}: {path}")
    return 0


def _counts(protocol):
    return (
        f"{protocol['fake']:,} generated against {protocol['real']:,} real samples of "
        f"{protocol['data']}/{protocol['reference']}; floors of "
        f"{protocol['held_out']:,} held-out samples"
    )
