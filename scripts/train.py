"""Run ``ganjax train``."""

import sys

from ganjax.commands import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
