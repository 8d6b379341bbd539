"""Run ``ganjax sample``."""

import sys

from ganjax.commands import main

if __name__ == "__main__":
    sys.exit(main(["sample", *sys.argv[1:]]))
