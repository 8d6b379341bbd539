"""Prepare MNIST, Fashion-MNIST or CIFAR-10 once, without TensorFlow.

    python scripts/prepare_data.py mnist
    python scripts/prepare_data.py fashion_mnist \\
        --manual_dir=/usr/share/datasets/fashion-mnist

The second form needs no network: on Debian, `apt-get install dataset-fashion-mnist`
puts the files there. Run again, it verifies what it made and says so. Exit codes: 0
done, 2 something to mend (one line on stderr).
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ganjax.data.prepare import NAMES, prepare  # noqa: E402
from ganjax.errors import BadInput  # noqa: E402


def main() -> int:
    """Runs the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", metavar="NAME", help=f"one of {', '.join(NAMES)}")
    parser.add_argument("--manual_dir", default="", metavar="FOLDER",
                        help="read the files from here instead of downloading them")
    parser.add_argument("--dir", default="", metavar="OUT",
                        help="where to write OUT/NAME (default: $GANJAX_DATA_DIR, else "
                             "~/.cache/ganjax/data; both are searched when data.dir "
                             "is empty)")
    args = parser.parse_args()
    try:
        made = prepare(args.name, args.dir, args.manual_dir)
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    if made.already:
        print(f"{args.name} is already prepared and intact: {made.version_folder}")
    else:
        print(f"wrote {made.version_folder}:")
        for path in sorted(made.version_folder.iterdir()):
            print(f"  {path.stat().st_size:>12,}  {path.name}")
    print(f"use: --config.data.name={args.name} "
          f"--config.data.dir={made.folder.resolve()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
