"""Find anomalous images by a run that has learned normal images.

    ganjax anomalies --workdir=runs/anomaly photos
    ganjax anomalies --workdir=runs/anomaly photos.zip --out=found.csv --quantile=0.99

FOLDER is a folder, a .zip or .tar of images, or one image. The game of the run must
give anomaly scores: anogan, f_anogan, ganomaly or bigan. Images of other sizes are cut
and resized as `ganjax prepare` does. The table has a row for each image: file, score,
and 1 for an anomaly.

The threshold is a quantile of the scores of held-out normal samples of the run's data.
So a normal image is called an anomaly with a probability of about 1 - quantile. This
probability and the threshold are printed, and written to a .json file with the name of
the table.
"""

from pathlib import Path

from ganjax import command_line
from ganjax import names as imports
from ganjax.data.preparing import CROPS, FILTERS
from ganjax.errors import BadInput


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__, "ganjax anomalies")
    flags.add_argument("--workdir", required=True, help="the folder of the run")
    flags.add_argument("folder", metavar="FOLDER", help="the images to score")
    flags.add_argument("--out", default="anomalies.csv", help="the table (%(default)s)")
    flags.add_argument(
        "--quantile", type=float, default=0.95,
        help="the share of normal images below the threshold (%(default)s)",
    )  # fmt: skip
    flags.add_argument(
        "--crop", metavar="|".join(CROPS), default="center",
        help="how images of other aspect ratios are cut (%(default)s)",
    )  # fmt: skip
    flags.add_argument(
        "--filter", metavar="|".join(FILTERS), default="lanczos",
        help="resizes (%(default)s)",
    )  # fmt: skip
    flags.add_argument(
        "--trust_code", action="store_true", help="run code that the run's config names"
    )
    flags = flags.parse_args(arguments)
    out = Path(flags.out)
    if out.suffix != ".csv":
        raise BadInput(f"--out={flags.out}: expected a name that ends in .csv")

    import ganjax
    from ganjax.detection import find_anomalies
    from ganjax.report.csv_table import csv_text
    from ganjax.run_files import write_json, write_whole

    imports.beside(Path.cwd())
    run = ganjax.load(flags.workdir, trust_code=flags.trust_code)
    found = find_anomalies(
        run, flags.folder, flags.quantile, crop=flags.crop, filter=flags.filter
    )
    each = zip(found.names, found.scores, found.anomalous, strict=True)
    rows = [(name, f"{score:.9g}", int(more)) for name, score, more in each]
    table = csv_text([("file", "score", "anomalous"), *rows])
    facts = out.with_suffix(".json")
    try:
        write_whole(out, table)
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise BadInput(
            f"--out={flags.out}: expected a place to write to, {error.strerror}"
        ) from error
    write_json(facts, found.facts)

    limit = found.threshold
    print(
        f"threshold {limit.value:.6g}: the {flags.quantile:g} quantile of the scores "
        f"of {found.facts['normals']:,} held-out normal images of step "
        f"{found.facts['protocol']['step']}"
    )
    print(
        f"expected share of false positives: {100 * limit.rate:.3g} %, 95 % interval "
        f"{100 * limit.low:.3g} to {100 * limit.high:.3g} %"
    )
    if found.coloured:
        print(f"images with colours, read as grey: {found.coloured:,}")
    print(f"anomalies: {found.facts['anomalies']:,} of {len(found.names):,} images")
    print(f"table: {out}; threshold and protocol: {facts}")
    return 0
