"""Run ``ganjax privacy``."""

import sys

from ganjax.commands import main

if __name__ == "__main__":
    sys.exit(main(["privacy", *sys.argv[1:]]))
