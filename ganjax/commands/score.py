"""Score folders, archives, arrays or runs against reference samples.

    ganjax score real/ samples.zip
    ganjax score real.npz runs/quickstart --extractor=small_cnn_mnist --samples=5000
    ganjax score real/ model_a/ model_b/ --metrics=frechet,precision_recall
    ganjax score real/ --extractor=inception --save_statistics=real.npz
    ganjax score real.npz samples/ --extractor=inception --json=scores.json

The first set is the reference, the real samples. Every other set is scored against it.
A set is a folder, a .zip or a .tar of images; a .npz or .npy of images (uint8
[N, H, W, C]) or of features (float [N, D]); a set of `ganjax prepare` (its training
split; NAME:test is its test split); a run, which means its samples; or a .npz with mu
and sigma, as pytorch-fid writes it, for the Fréchet distance alone.

With two sets to score, the differences of their scores are printed, each with an
interval. The interval takes the reference as fixed: it does not include the chance in
the choice of the reference samples. Without --extractor, pixels are the features.
"""

from pathlib import Path

from ganjax import command_line
from ganjax import names as imports
from ganjax.commands import flags as shared
from ganjax.errors import BadInput


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__, "ganjax score")
    flags.add_argument("reference", metavar="REFERENCE", help="the real samples")
    flags.add_argument(
        "sets", metavar="SAMPLES", nargs="*", help="the set to score, or two"
    )
    flags.add_argument(
        "--metrics", help="measures, separated by commas (frechet,kernel)"
    )
    flags.add_argument("--extractor", help="extractor of features (pixels)", default="")
    flags.add_argument(
        "--weights", help="a file of the extractor's weights", default=""
    )
    flags.add_argument(
        "--resize", help="filter that replaces the extractor's", default=""
    )
    flags.add_argument(
        "--by_class", action="store_true", help="score each class as well"
    )
    flags.add_argument("--samples", type=int, help="samples of a run; default: its own")
    flags.add_argument(
        "--seed", type=int, help="seed of a run's samples, and of the halves"
    )
    flags.add_argument(
        "--resamples", type=int, help="halves that give the interval (100)", default=100
    )
    flags.add_argument("--json", help="a file to write everything to")
    flags.add_argument(
        "--save_statistics", help="a .npz for the reference's mu and sigma", default=""
    )
    flags.add_argument(
        "--trust_code", action="store_true", help="run code that a run's config names"
    )
    shared.add_measure_options(flags)
    flags = flags.parse_args(arguments)
    if len(flags.sets) > 2:
        raise BadInput(f"{len(flags.sets)} sets to score, expected one or two")
    if not flags.sets and not flags.save_statistics:
        raise BadInput("SAMPLES: expected a set to score after the reference")
    metrics = [x.strip() for x in (flags.metrics or "").split(",") if x.strip()]
    if flags.metrics is not None and not metrics:
        raise BadInput(f"--metrics={flags.metrics}: expected a name of a measure")

    import ganjax
    from ganjax.run_files import write_json

    imports.beside(Path.cwd())
    found = ganjax.score(
        flags.reference,
        *flags.sets,
        metrics=metrics,
        extractor=flags.extractor,
        weights=flags.weights,
        resize=flags.resize,
        n=flags.samples,
        seed=flags.seed,
        by_class=flags.by_class,
        options=shared.measure_options(flags),
        resamples=flags.resamples,
        save_statistics=flags.save_statistics,
        trust_code=flags.trust_code,
    )
    print(f"reference: {_said(found['reference'])}")
    if flags.sets:
        _print(found)
    if flags.save_statistics:
        print(f"statistics of the reference: {flags.save_statistics}")
    if flags.json:
        write_json(Path(flags.json), found)
        print(f"scores and protocol: {flags.json}")
    return 0


def _print(found):
    tables = [found] + ([found["other"]] if "other" in found else [])
    for table in tables:
        print(f"scored: {_said(table['samples'])}")
        _print_scores(table["scores"])
        for name, scores in table.get("by_class", {}).items():
            print(f"class {name}:")
            _print_scores(scores)
    if "differences" in found:
        one, other = (table["samples"]["path"] for table in tables)
        level = found["interval"]["level"]
        print(f"{one} minus {other}, with the {100 * level:g} % interval:")
        for name, x in found["differences"].items():
            ends = f"[{x['low']:.5g}, {x['high']:.5g}]"
            print(f"{name:44}{x['difference']:.5g} {ends}")


def _print_scores(scores):
    for name, value in scores.items():
        print(f"{name:44}{value:.5g}")


def _said(facts):
    count = "an unknown number of" if facts["count"] is None else f"{facts['count']:,}"
    return f"{facts['path']} ({facts['kind']}, {count} samples)"
