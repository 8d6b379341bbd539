"""Run ``ganjax prepare``."""

import sys

from ganjax.commands import main

if __name__ == "__main__":
    sys.exit(main(["prepare", *sys.argv[1:]]))
