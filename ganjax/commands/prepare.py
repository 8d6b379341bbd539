"""Prepare your own images, or MNIST, Fashion-MNIST or CIFAR-10.

    ganjax prepare photos --size=64
    ganjax prepare celeba.zip --size=128 --labels=identity.csv
    ganjax prepare facades --size=256 --pairs=AB
    ganjax prepare mnist
    ganjax prepare fashion_mnist \\
        --manual_dir=/usr/share/datasets/fashion-mnist

FOLDER is a folder, a .zip or .tar of images of any sizes, a Parquet file or a folder of
them, or a TFDS folder. The images are cut, resized and written to a prepared set, which
a run can stream from the disk. A name of a data set wins over a folder of that name:
write ./mnist for the folder. The same command again continues after an interruption, or
verifies the finished set.
"""

import shlex
import sys
import time
from pathlib import Path

from ganjax import command_line
from ganjax.data.prepare import NAMES, prepare
from ganjax.data.prepared_images import counts_of
from ganjax.data.preparing import (
    ALPHAS,
    CROPS,
    FILTERS,
    STORES,
    Options,
    PreparedSet,
    find_images,
    parse_size,
    prepare_images,
)
from ganjax.errors import BadInput, unknown

# Plain lines go to a log, so they are less frequent than updates of a bar.
_SECONDS_BETWEEN_LINES = 5.0


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__, "ganjax prepare")
    flags.add_argument(
        "name", metavar="NAME|FOLDER", help=f"one of {', '.join(NAMES)}, or images"
    )
    flags.add_argument(
        "--manual_dir", default="", metavar="FOLDER",
        help="of a NAME: read the files from here instead of downloading them",
    )  # fmt: skip
    flags.add_argument(
        "--dir", default="", metavar="OUT",
        help="where to write OUT/NAME, or OUT/FOLDER-HEIGHTxWIDTH (default: "
        "$GANJAX_DATA_DIR, else ~/.cache/ganjax/data; both are searched when data.dir "
        "is empty)",
    )  # fmt: skip
    images = flags.add_argument_group("images")
    images.add_argument(
        "--size", metavar="SIDE", help="the side of the images, or HEIGHTxWIDTH"
    )
    images.add_argument(
        "--crop", metavar="|".join(CROPS),
        help="center (default): cut the largest centred part with the aspect ratio of "
        "the size; none: cut nothing, so that other aspect ratios are stretched",
    )  # fmt: skip
    images.add_argument(
        "--filter", metavar="|".join(FILTERS), help="resizes (default: lanczos)"
    )
    images.add_argument(
        "--alpha", metavar="|".join(ALPHAS),
        help="white (default): put transparent images on white; keep: four channels",
    )  # fmt: skip
    images.add_argument(
        "--labels", metavar="FILE", help="a CSV (file,label) or a dataset.json"
    )
    images.add_argument(
        "--pairs", metavar="AB|DIR,DIR",
        help="AB: two images side by side in each file; DIR,DIR: two folders with "
        "equal names. (trainA/ and trainB/ need no flag.)",
    )  # fmt: skip
    images.add_argument(
        "--store", metavar="|".join(STORES),
        help="raw (default): decoded pixels; jpeg: less disk, slower, not exact",
    )  # fmt: skip
    images.add_argument(
        "--holdout", metavar="SHARE", type=float,
        help="images of the test split if there is none: a share (default: 0.1), or "
        "from 1 a count",
    )  # fmt: skip
    images.add_argument("--seed", type=int, help="chooses these images (default: 0)")
    images.add_argument(
        "--skip_corrupt", metavar="N", type=int,
        help="leave out and list up to N damaged images (default: 0)",
    )  # fmt: skip
    flags = flags.parse_args(arguments)
    own = {action.dest for action in images._group_actions}
    given = {k: v for k, v in vars(flags).items() if k in own and v is not None}
    if flags.name in NAMES:
        return _named(flags, given)
    return _images(flags, given)


def _named(flags, given) -> int:
    for flag, value in given.items():
        raise BadInput(
            f"--{flag}={value}: {flags.name} is a known data set with fixed images; "
            f"expected ./{flags.name} for a folder of that name"
        )
    made = prepare(flags.name, flags.dir, flags.manual_dir)
    if made.already:
        print(f"{flags.name} is already prepared and intact: {made.version_folder}")
    else:
        print(f"wrote {made.version_folder}:")
        for path in sorted(made.version_folder.iterdir()):
            print(f"  {path.stat().st_size:>12,}  {path.name}")
    print(
        f"use: --config.data.name={flags.name} "
        f"--config.data.dir={shlex.quote(str(made.folder.resolve()))}"
    )
    return 0


def _images(flags, given) -> int:
    if not Path(flags.name).expanduser().exists():
        if Path(flags.name).name == flags.name:
            raise unknown("name", flags.name, NAMES)
        raise BadInput(f"FOLDER='{flags.name}': no such file or folder")
    if flags.manual_dir:
        raise BadInput(
            f"--manual_dir={flags.manual_dir}: expected one of {', '.join(NAMES)} with "
            f"it, found {flags.name}"
        )
    skip = given.pop("skip_corrupt", 0)
    if skip < 0:
        raise BadInput(f"--skip_corrupt={skip}: expected at least 0")
    options = Options(**{**given, "size": parse_size(given.get("size", ""))})
    listing = find_images(flags.name, options)
    for note in listing.notes:
        print(note)
    with _Progress() as progress:
        made = prepare_images(
            listing, options, flags.dir, skip, report=progress.report, say=progress.say
        )
    print("\n".join(_summary(made)))
    return 0


def _summary(made: PreparedSet) -> list[str]:
    """Return the lines about a finished set."""
    folder, listing = made.folder.resolve(), made.listing
    done = "already prepared and intact" if made.already else "wrote"
    lines = [f"{done}: {folder}", listing.split]
    for name, counts in counts_of(folder).items():
        of = " and ".join(f"{count:,} {split}" for split, count in counts.items())
        lines.append(f"  {name or 'images'}: {of}")
    if made.skipped:
        lines.append(f"corrupt images that were left out: {len(made.skipped)}:")
        lines += [f"  {name}: {reason}" for name, reason in made.skipped]
    if made.enlarged:
        lines.append(f"smaller images, which were enlarged: {made.enlarged:,}")
    if made.stretched:
        lines.append(f"images with another aspect ratio, stretched: {made.stretched:,}")
    if made.duplicates and (count := made.duplicates.count):
        lines.append(
            f"files that repeat another file: {count:,}; test images that repeat a "
            f"training image: {made.duplicates.in_test:,}; none was removed:"
        )
        lines += [f"  {name} = {other}" for name, other in made.duplicates.examples]
    lines.append(f"contact sheet: {folder / 'contact.png'}")
    source = "image_folder" if listing.kind == "images" else "image_pairs"
    at = shlex.quote(str(folder))
    lines.append(f"use: --config.data.name={source} --config.data.dir={at}")
    return lines


class _Progress:
    """A bar on a terminal, plain lines elsewhere; a context manager."""

    def __init__(self):
        self._bar, self._tasks, self._last = None, {}, time.monotonic()
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True))

    def __enter__(self) -> "_Progress":
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_) -> None:
        if self._bar:
            self._bar.stop()

    def say(self, text: str) -> None:
        """Print one line of text."""
        if self._bar:
            self._bar.console.print(text, highlight=False)
        else:
            print(text, file=sys.stderr, flush=True)

    def report(self, what: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` images are scanned or prepared."""
        if self._bar:
            if what not in self._tasks:
                self._tasks[what] = self._bar.add_task(what, total=total)
            self._bar.update(self._tasks[what], completed=done)
            return
        now = time.monotonic()
        if now - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = now
            self.say(f"{what} {done:,} of {total:,} images")
