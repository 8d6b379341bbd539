"""Run ``ganjax replay``."""

import sys

from ganjax.commands import main

if __name__ == "__main__":
    sys.exit(main(["replay", *sys.argv[1:]]))
