"""Prepare MNIST, Fashion-MNIST or CIFAR-10 without TensorFlow.

    ganjax prepare mnist
    ganjax prepare fashion_mnist \\
        --manual_dir=/usr/share/datasets/fashion-mnist

The second command needs no network: on Debian, `apt-get install dataset-fashion-mnist`
installs the files there. The same command again verifies the prepared files.
"""

from ganjax import command_line
from ganjax.data.prepare import NAMES, prepare


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__, "ganjax prepare")
    flags.add_argument("name", metavar="NAME", help=f"one of {', '.join(NAMES)}")
    flags.add_argument(
        "--manual_dir", default="", metavar="FOLDER",
        help="read the files from here instead of downloading them",
    )  # fmt: skip
    flags.add_argument(
        "--dir", default="", metavar="OUT",
        help="where to write OUT/NAME (default: $GANJAX_DATA_DIR, else "
        "~/.cache/ganjax/data; both are searched when data.dir is empty)",
    )  # fmt: skip
    flags = flags.parse_args(arguments)
    made = prepare(flags.name, flags.dir, flags.manual_dir)
    if made.already:
        print(f"{flags.name} is already prepared and intact: {made.version_folder}")
    else:
        print(f"wrote {made.version_folder}:")
        for path in sorted(made.version_folder.iterdir()):
            print(f"  {path.stat().st_size:>12,}  {path.name}")
    print(
        f"use: --config.data.name={flags.name} "
        f"--config.data.dir={made.folder.resolve()}"
    )
    return 0
