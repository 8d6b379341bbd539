"""Score a run by its newest or its best checkpoint.

    ganjax evaluate --workdir=runs/quickstart \\
        --metrics=frechet,precision_recall --extractor=small_cnn_mnist --samples=5000

The run may still be training. Without --metrics, the evaluators of the run's config
are used. `ganjax describe --axis=evaluators` lists all evaluators. Scores are written
to a file in the folder evaluation/ of the run, where `ganjax report --compare` finds
them. The file also has their protocol: the record of how they were computed. The name
of the file is a hash of the protocol.

    ganjax evaluate --workdir=runs/quickstart --truncation=0.5,0.7,1 --seeds=0-2

--truncation and --seeds take several values. Each pair of values is an evaluation with
its own protocol and file. The table has a column for each truncation; with several
seeds, its entries are the mean and the standard deviation over seeds.

    ganjax evaluate --workdir=runs/conditional --metrics=frechet --classes=cat,3

With --classes, only these classes are generated and compared. A flag such as
--precision_recall.k is an option of a measure. It replaces the field
evaluation.precision_recall.k of the run's config.
"""

import hashlib
import itertools
import json
import math
import statistics
import sys
from pathlib import Path

from ganjax import command_line
from ganjax import names as imports
from ganjax.commands import flags as shared
from ganjax.errors import BadInput
from ganjax.signals import Stopped, check, noted

_FIELDS = {
    "samples": "number of samples to generate",
    "real": "most real samples of each split, 0 for all",
    "extractor": "extractor of features; pixels or points if empty",
    "weights": "a file of the extractor's weights",
    "resize": "filter that replaces the extractor's",
    "border": "pixels that luma scores leave out, -1 for the factor",
}


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__, "ganjax evaluate")
    flags.add_argument("--workdir", required=True, help="the folder of the run")
    flags.add_argument("--metrics", help="evaluators, separated by commas")
    for name, said in _FIELDS.items():
        flags.add_argument(f"--{name}", help=f"{said}; default: the run's config")
    flags.add_argument(
        "--truncation",
        help="truncation of styles or normal latents, 0 for none; several by commas",
    )
    flags.add_argument("--seed", help="seed of the samples; default: the run's")
    flags.add_argument("--seeds", help="several seeds, as in 0-7,12")
    shared.add_classes(flags, "generate and compare only these classes")
    flags.add_argument("--best", action="store_true", help="score the best checkpoint")
    flags.add_argument(
        "--trust_code", action="store_true", help="run code that the run's config names"
    )
    shared.add_measure_options(flags, "the run's config")
    flags = flags.parse_args(arguments)
    overrides = {
        f"evaluation.{name}": getattr(flags, name)
        for name in _FIELDS
        if getattr(flags, name) is not None
    }
    for name, text in shared.measure_options(flags).items():
        overrides[f"evaluation.{name}"] = text
    classes = shared.classes(flags.classes)
    if flags.seed is not None and flags.seeds is not None:
        raise BadInput(f"--seeds={flags.seeds}: expected either --seed or --seeds")
    seeds = [flags.seed]
    if flags.seeds is not None:
        seeds = list(map(str, shared.seeds("--seeds", flags.seeds)))
    truncations = _listed("--truncation", flags.truncation)

    import ganjax

    imports.beside(Path.cwd())
    run = ganjax.load(flags.workdir, trust_code=flags.trust_code)
    names = [name.strip() for name in (flags.metrics or "").split(",") if name.strip()]
    if flags.metrics is not None and not names:
        raise BadInput(f"--metrics={flags.metrics}: expected a name of an evaluator")
    found = {}
    pairs = list(itertools.product(truncations, seeds))
    try:
        for truncation, seed in pairs:
            check()
            asked = {"sampling.truncation": truncation, "seed": seed}
            asked = {name: text for name, text in asked.items() if text is not None}
            made = run.evaluate(
                names, {**overrides, **asked}, best=flags.best, classes=classes
            )
            with noted():  # a file that is written is also counted
                path = _write(run.files, made)
                found[truncation, seed] = made
            print(f"step {made['protocol']['step']}: {path}")
    except Stopped as stop:
        said = f"incomplete, {len(found)} of {len(pairs)} evaluations are written"
        raise Stopped(stop.number, said) from None
    print(_counts(made["protocol"]))
    columns = [[found[x, seed]["scores"] for seed in seeds] for x in truncations]
    if truncations != [None]:
        head = "".join(f"{f'truncation {x}':<24}" for x in truncations)
        print(f"{'':44}{head}")
    for name in columns[0][0]:
        print(f"{name:44}" + "".join(_entry(name, scores) for scores in columns))
    return 0


def _listed(flag, text):
    """Return the values of a flag that takes several; ``[None]`` without the flag."""
    if text is None:
        return [None]
    values = [value.strip() for value in text.split(",") if value.strip()]
    if not values or len(set(values)) < len(values):
        raise BadInput(f"{flag}={text}: expected different values, separated by commas")
    return values


def _write(files, made):
    """Write scores, and keep known scores of the same protocol. Return the path."""
    from ganjax.run_files import read_scores, write_json

    protocol = json.dumps(made["protocol"], sort_keys=True)
    digest = hashlib.sha256(protocol.encode()).hexdigest()[:12]
    path = files.protocol(digest)
    try:
        known = (read_scores(path) or {}).get("scores", {})
    except BadInput:
        known = {}
        print(f"{path}: cannot be read, and is replaced", file=sys.stderr)
    made["scores"] = known | made["scores"]
    write_json(path, made)
    return path


def _entry(name, scores):
    """Return a score, or its mean and standard deviation over several seeds."""
    values = [one[name] for one in scores if name in one]
    if len(values) < 2:
        return f"{values[0]:<24.5g}" if values else f"{'-':<24}"
    finite = all(map(math.isfinite, values))
    spread = statistics.stdev(values) if finite else math.nan
    text = f"{statistics.mean(values):.5g} ± {spread:.2g}"
    return f"{text:<24}"


def _counts(protocol):
    chosen = ", ".join(protocol.get("classes", ()))
    of_classes = f"; only the classes {chosen}" if chosen else ""
    return (
        f"{protocol['fake']:,} generated against {protocol['real']:,} real samples of "
        f"{protocol['data']}/{protocol['reference']}; floors of "
        f"{protocol['held_out']:,} held-out samples{of_classes}"
    )
